local flow, key = ARGV[3], K('c', ARGV[3])
drop_waiting(key)
redis.call('DEL', key)
local mail = mail_from(18)
redis.call('HSET', key, 'pu', ARGV[4], 'de', ARGV[5], 'ac', ARGV[6], 'co', ARGV[7], 're', ARGV[8], 'li', ARGV[9],
  'ex', ARGV[10], 'se', ARGV[11], 'sn', ARGV[12], 'at', ARGV[13], 'mx', ARGV[14], 'cn', ARGV[15], 'v', ARGV[16], 'ma', mail)
redis.call('PEXPIRE', key, ARGV[17])
ends('c', flow, ARGV[10], ARGV[17])
return 1
