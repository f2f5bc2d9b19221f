local account, token, sid, family = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local record, seen_at, ttl, replaces, joins_at = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local refresh = ARGV[12]
local ended, removed = '', {}
if joins_at ~= '' and not stands(account, family, replaces, tonumber(joins_at)) then return false end
if replaces ~= '' then
  local of = family_of(account, replaces)
  if of and of ~= family then
    end_family(account, of, removed)
    ended = of
  elseif of then
    local value = redis.call('HGET', K('a', account), 's' .. replaces)
    remove(account, replaces, string.sub(value, 1, 32), removed)
  end
end
redis.call('SET', K('s', token), record, 'PX', ttl)
if refresh ~= '' then
  redis.call('HSET', K('r', token), 'p', refresh)
  redis.call('PEXPIRE', K('r', token), ttl)
end
more(account, family, 1)
redis.call('HSET', K('a', account), 's' .. sid, token .. family)
live(K('a', account), ttl)
local stop, idle = times(record)
local last = math.max(tonumber(seen_at), seen(account, family))
ends('s', account .. sid, int(math.min(stop, last + idle)), ttl)
use(account, family, seen_at)
return {ended, removed}
