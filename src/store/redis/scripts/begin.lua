-- Stands before every script. ARGV[1] is the prefix of all keys, ARGV[2] the tag that keeps those of one script in one slot.
-- Instants are milliseconds of doorward's clock. Numbers are written whole, never as 1.8e+12.
local P, T = ARGV[1], ARGV[2]
local function K(kind, id) return P .. kind .. '1:{' .. T .. '}' .. (id or '') end
local function int(number) return string.format('%.0f', number) end
-- Lets a key live for as long as the longest that needs it.
local function live(key, ttl)
  if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
end
-- Notes when something ends, for those who count and purge.
local function ends(kind, id, at, ttl)
  local index = K('e', kind)
  redis.call('ZADD', index, at, id)
  live(index, ttl)
end
local function gone(kind, id) redis.call('ZREM', K('e', kind), id) end
