local key, c = challenge(ARGV[3], ARGV[4])
if not c then return {'unknown'} end
local now, cool_down, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if c.consumed or c.guesses >= c.most then return {'over'} end
if c.sends >= most then return {'none_left'} end
local wait_until = c.sent + cool_down * 2 ^ math.min(math.max(c.sends - 1, 0), 16)
if now < wait_until then return {'wait', int(wait_until)} end
drop_waiting(key)
local mail = mail_from(13)
redis.call('HSET', key, 'co', ARGV[8], 're', ARGV[9], 'li', ARGV[10], 'ex', ARGV[11], 'se', ARGV[5], 'sn', int(c.sends + 1),
  'ma', mail)
live(key, ARGV[12])
ends('c', ARGV[3], ARGV[11], ARGV[12])
return {'sent', told(key), c.account}
