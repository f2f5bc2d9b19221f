for at = 3, #ARGV, 3 do
  local account, sid, used = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local value = redis.call('HGET', K('a', account), 's' .. sid)
  local record = value and record_of(string.sub(value, 1, 32))
  if record then
    local family = string.sub(value, 33, 48)
    use(account, family, used)
    redis.call('ZADD', K('e', 's'), int(end_of(account, family, record)), account .. sid)
  end
end
return 1
