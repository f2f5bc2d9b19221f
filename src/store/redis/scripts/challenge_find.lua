local key = K('c', ARGV[3])
if ARGV[4] and redis.call('HGET', key, 'li') ~= ARGV[4] then return false end
if redis.call('EXISTS', key) == 0 then return false end
return told(key)
