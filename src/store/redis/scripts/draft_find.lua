local stop = redis.call('ZSCORE', K('e', 'd'), ARGV[3])
if not stop or tonumber(stop) <= tonumber(ARGV[4]) then return false end
return redis.call('GET', K('d', ARGV[3]))
