local account, sid = ARGV[3], ARGV[4]
local value = redis.call('HGET', K('a', account), 's' .. sid)
local record = value and record_of(string.sub(value, 1, 32))
if record then
  local family = string.sub(value, 33, 48)
  use(account, family, ARGV[5])
  redis.call('ZADD', K('e', 's'), int(end_of(account, family, record)), account .. sid)
end
return 1
