-- d: sealed drafts. D: of each the bytes and the client, whose room is counted.
local token, client, sealed, stop, ttl, now = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local of_client, bytes, in_all = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local alive = redis.call('ZRANGEBYSCORE', K('e', 'd'), '(' .. now, '+inf')
local count, mine, taken = #alive, 0, #sealed
for _, other in ipairs(alive) do
  local size, of = string.match(redis.call('HGET', K('D'), other) or '0 ', '^(%d+) (.*)$')
  taken = taken + tonumber(size)
  if of == client then mine = mine + 1 end
end
if mine >= of_client or count >= in_all or taken > bytes then return 0 end
redis.call('SET', K('d', token), sealed, 'PX', ttl)
redis.call('HSET', K('D'), token, #sealed .. ' ' .. client)
live(K('D'), ttl)
ends('d', token, stop, ttl)
return 1
