-- q: the instant at which a quota is as good as new: domain::quota::count, word for word.
local key, now, period, interval = K('q', ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local burst_ends = now + period
local earned = math.min(math.max(tonumber(redis.call('GET', key) or '0'), now), burst_ends)
local after = earned + interval
local kept = after <= burst_ends and after or earned
redis.call('SET', key, int(kept), 'PX', int(math.max(kept - now, 0) + tonumber(ARGV[7])))
return after <= burst_ends and -1 or after - burst_ends
