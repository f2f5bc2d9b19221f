local stop = redis.call('ZSCORE', K('e', 'd'), ARGV[3])
if not stop or tonumber(stop) <= tonumber(ARGV[4]) then return 0 end
redis.call('HDEL', K('D'), ARGV[3])
gone('d', ARGV[3])
return redis.call('DEL', K('d', ARGV[3]))
