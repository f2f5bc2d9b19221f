-- The first mails that are due and of use. Those past their use are passed over, and are purged by and by.
local now, limit, found, from = tonumber(ARGV[3]), tonumber(ARGV[4]), {}, 0
while #found < 3 * limit do
  local due = redis.call('ZRANGEBYSCORE', K('m'), '-inf', ARGV[3], 'WITHSCORES', 'LIMIT', from, 64)
  for at = 1, #due, 2 do
    local body = redis.call('HMGET', K('b', due[at]), 'n', 'c')
    if body[1] and tonumber(body[1]) > now and #found < 3 * limit then
      found[#found + 1] = due[at]
      found[#found + 1] = int(due[at + 1])
      found[#found + 1] = body[2]
    end
  end
  if #due < 128 then break end
  from = from + 64
end
return found
