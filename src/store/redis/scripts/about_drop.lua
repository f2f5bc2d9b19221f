-- Drops the open challenge, or the permit, if it is about the account. Says whether a challenge went.
local kind, id, account = string.sub(ARGV[3], 1, 1), string.sub(ARGV[3], 2), ARGV[4]
local key = K(kind, id)
local of, consumed = unpack(redis.call('HMGET', key, 'ac', 'cn'))
if of ~= account or (consumed and consumed ~= '') then return 0 end
if kind == 'c' then drop_waiting(key) end
redis.call('DEL', key)
gone(kind, id)
return kind == 'c' and 1 or 0
