local key = K('p', ARGV[3])
local stop, value = unpack(redis.call('HMGET', key, 'ex', 'v'))
if not stop or tonumber(stop) <= tonumber(ARGV[4]) then return false end
redis.call('DEL', key)
gone('p', ARGV[3])
return value
