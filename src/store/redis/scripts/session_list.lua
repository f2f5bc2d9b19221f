local found = {}
each(ARGV[3], nil, function(sid, token, of, record)
  found[#found + 1] = record
  found[#found + 1] = int(seen(ARGV[3], of))
end)
return found
