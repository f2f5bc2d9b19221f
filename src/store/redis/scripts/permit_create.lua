-- p: permits: whom they are about, when they end, and what only doorward reads.
local key = K('p', ARGV[3])
redis.call('DEL', key)
redis.call('HSET', key, 'ac', ARGV[4], 'ex', ARGV[5], 'v', ARGV[6])
redis.call('PEXPIRE', key, ARGV[7])
ends('p', ARGV[3], ARGV[5], ARGV[7])
return 1
