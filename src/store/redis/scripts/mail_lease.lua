local now, until_then, leased = tonumber(ARGV[3]), ARGV[4], {}
for at = 5, #ARGV do
  local id = ARGV[at]
  local due = redis.call('ZSCORE', K('m'), id)
  local body = redis.call('HMGET', K('b', id), 'k', 's', 'c', 'n', 'a')
  if due and tonumber(due) <= now and body[4] and tonumber(body[4]) > now then
    redis.call('ZADD', K('m'), 'XX', until_then, id)
    leased[#leased + 1] = {id, body[1], body[2], body[3], body[4], body[5]}
  end
end
return leased
