local account, removed = ARGV[3], {}
local kept = ARGV[4] ~= '' and family_of(account, ARGV[4])
each(account, nil, function(sid, token, of)
  if of ~= kept then
    remove(account, sid, token, removed)
    forget(account, of)
  end
end)
return removed
