-- Removes what has ended: ARGV from 3 on are a kind, the instant up to which it has, and how many may go.
local counts, removed = {}, {}
for at = 3, #ARGV, 3 do
  local kind, count = ARGV[at], 0
  local over = redis.call('ZRANGEBYSCORE', K('e', kind), '-inf', ARGV[at + 1], 'LIMIT', 0, ARGV[at + 2])
  for _, id in ipairs(over) do
    count = count + 1
    if kind == 's' then
      local account, sid = string.sub(id, 1, 16), string.sub(id, 17)
      local value = redis.call('HGET', K('a', account), 's' .. sid)
      if value then
        remove(account, sid, string.sub(value, 1, 32), removed)
        local family, others = string.sub(value, 33, 48), false
        each(account, family, function() others = true end)
        if not others then redis.call('HDEL', K('a', account), 'f' .. family) end
      else
        gone('s', id)
      end
    elseif kind == 'm' then
      drop_mail(id)
    else
      redis.call('DEL', K(kind, id))
      if kind == 'd' then redis.call('HDEL', K('D'), id) end
      gone(kind, id)
    end
  end
  counts[#counts + 1] = count
end
return {counts, removed}
