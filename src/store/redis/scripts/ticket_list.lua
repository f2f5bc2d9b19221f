-- j: the tickets of a session, the latest few. Gives those that are pushed out.
local list, pushed = K('j', ARGV[3]), {}
redis.call('RPUSH', list, ARGV[4])
redis.call('PEXPIRE', list, ARGV[5])
while redis.call('LLEN', list) > tonumber(ARGV[6]) do pushed[#pushed + 1] = redis.call('LPOP', list) end
return pushed
