local value = redis.call('HGET', K('a', ARGV[3]), 's' .. ARGV[4])
local record = value and record_of(string.sub(value, 1, 32))
if not record then return false end
return {record, int(seen(ARGV[3], string.sub(value, 33, 48)))}
