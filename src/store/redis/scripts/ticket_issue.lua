redis.call('SET', K('k', ARGV[3]), ARGV[4], 'PX', ARGV[6])
ends('k', ARGV[3], ARGV[5], ARGV[6])
return 1
