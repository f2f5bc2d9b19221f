local ticket = redis.call('GETDEL', K('k', ARGV[3]))
if ticket then gone('k', ARGV[3]) end
return ticket
