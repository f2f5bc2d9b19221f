-- x: the challenges and permits that are about an account, each until it cannot matter any more.
local index = K('x', ARGV[3])
redis.call('ZREMRANGEBYSCORE', index, '-inf', ARGV[4])
redis.call('ZADD', index, ARGV[5], ARGV[6])
live(index, ARGV[7])
return 1
