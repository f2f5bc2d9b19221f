if redis.call('EXISTS', K('b', ARGV[3])) == 0 then return 0 end
redis.call('HINCRBY', K('b', ARGV[3]), 'a', 1)
redis.call('ZADD', K('m'), 'XX', ARGV[4], ARGV[3])
return 1
