-- a: an account's sessions: s<session> -> token, family; f<family> -> its last use; n<family> -> how many sessions it has, where
-- that is not one. An account may have thousands: what is done at each use visits one. s: a session by its token:
-- session, family, end and idle span as digits, and what only doorward reads. r: the refresh tokens of a session by its
-- token: the present one, the one before, its salt, when it was exchanged. All of an account is in one slot.
local function record_of(token) return redis.call('GET', K('s', token)) end
local function times(record)
  local stop, idle = string.match(record, '^(%-?%d+) (%d+) ', 33)
  return tonumber(stop), tonumber(idle)
end
local function seen(account, family) return tonumber(redis.call('HGET', K('a', account), 'f' .. family) or '0') end
local function family_of(account, sid)
  local value = redis.call('HGET', K('a', account), 's' .. sid)
  return value and string.sub(value, 33, 48)
end
-- How many sessions a family has after so many more. Without any its last use is of no use.
local function more(account, family, by)
  local a = K('a', account)
  local before = 0
  if redis.call('HEXISTS', a, 'f' .. family) == 1 then before = tonumber(redis.call('HGET', a, 'n' .. family) or '1') end
  local count = math.max(before + by, 0)
  if count == 1 then redis.call('HDEL', a, 'n' .. family) else redis.call('HSET', a, 'n' .. family, count) end
  return count
end
local function forget(account, family) redis.call('HDEL', K('a', account), 'f' .. family, 'n' .. family) end
-- Visits the sessions of an account, or of one family: those whose time to live is over are taken off the list.
local function each(account, family, visit)
  local all = redis.call('HGETALL', K('a', account))
  for at = 1, #all, 2 do
    if string.sub(all[at], 1, 1) == 's' then
      local sid, value = string.sub(all[at], 2), all[at + 1]
      local token, of = string.sub(value, 1, 32), string.sub(value, 33, 48)
      if not family or of == family then
        local record = record_of(token)
        if record then
          visit(sid, token, of, record)
        else
          if more(account, of, -1) == 0 then forget(account, of) end
          redis.call('HDEL', K('a', account), all[at])
          gone('s', account .. sid)
        end
      end
    end
  end
end
-- A session of this account by its token, with its last use.
local function found(account, token)
  local record = record_of(token)
  if not record then return false end
  local listed = redis.call('HMGET', K('a', account), 's' .. string.sub(record, 1, 16), 'f' .. string.sub(record, 17, 32))
  if not listed[1] then return false end
  return {record, int(tonumber(listed[2] or '0'))}
end
local function remove(account, sid, token, removed)
  local family = family_of(account, sid)
  local left = family and more(account, family, -1)
  redis.call('HDEL', K('a', account), 's' .. sid)
  redis.call('DEL', K('s', token), K('r', token))
  gone('s', account .. sid)
  removed[#removed + 1] = sid
  removed[#removed + 1] = token
  return family, left
end
local function end_family(account, family, removed)
  each(account, family, function(sid, token) remove(account, sid, token, removed) end)
  forget(account, family)
end
-- Notes a use of the family, unless a later one is known. That its other sessions end later, too, is seen when they would be
-- purged.
local function use(account, family, at)
  if tonumber(at) > seen(account, family) then redis.call('HSET', K('a', account), 'f' .. family, at) end
end
-- When a session ends, as its family is used now.
local function end_of(account, family, record)
  local stop, idle = times(record)
  return math.min(stop, seen(account, family) + idle)
end
-- Whether some session of the family but `other` stands.
local function stands(account, family, other, now)
  local found, last = false, seen(account, family)
  each(account, family, function(sid, token, of, record)
    local stop, idle = times(record)
    if sid ~= other and stop > now and last + idle > now then found = true end
  end)
  return found
end
