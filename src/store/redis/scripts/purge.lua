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
      local token = value and string.sub(value, 1, 32)
      local record = token and record_of(token)
      local last = record and end_of(account, string.sub(value, 33, 48), record)
      if last and last > tonumber(ARGV[at + 1]) then
        -- Its family was used at another host meanwhile.
        count = count - 1
        redis.call('ZADD', K('e', 's'), int(last), id)
      elseif value then
        local family, left = remove(account, sid, token, removed)
        if left == 0 then forget(account, family) end
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
