local token, shown, following, salt = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local grace, now, key = tonumber(ARGV[7]), tonumber(ARGV[8]), K('r', ARGV[3])
local kept = redis.call('HMGET', key, 'p', 'b', 's', 'a')
local present, before = kept[1], kept[2]
if not present or not record_of(token) then return {'unknown'} end
if shown == present then
  redis.call('HSET', key, 'p', following, 'b', present, 's', salt, 'a', ARGV[8])
  return {'rotated'}
end
if before and shown == before and now < tonumber(kept[4]) + grace then
  return {'grace', kept[3], present}
end
redis.call('DEL', key)
return {'reused'}
