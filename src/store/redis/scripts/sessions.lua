-- a: an account's sessions: s<session> -> token, family; f<family> -> its last use. s: a session by its token:
-- session, family, end and idle span as digits, and what only doorward reads. r: the refresh tokens of a session by its
-- token: the present one, the one before, its salt, when it was exchanged. All of an account is in one slot.
local function record_of(token) return redis.call('GET', K('s', token)) end
local function times(record)
  local stop, idle = string.match(record, '^(%-?%d+) (%d+) ', 33)
  return tonumber(stop), tonumber(idle)
end
local function seen(account, family) return tonumber(redis.call('HGET', K('a', account), 'f' .. family) or '0') end
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
          redis.call('HDEL', K('a', account), all[at])
          gone('s', account .. sid)
        end
      end
    end
  end
end
local function remove(account, sid, token, removed)
  redis.call('HDEL', K('a', account), 's' .. sid)
  redis.call('DEL', K('s', token), K('r', token))
  gone('s', account .. sid)
  removed[#removed + 1] = sid
  removed[#removed + 1] = token
end
local function end_family(account, family, removed)
  each(account, family, function(sid, token) remove(account, sid, token, removed) end)
  redis.call('HDEL', K('a', account), 'f' .. family)
end
local function family_of(account, sid)
  local value = redis.call('HGET', K('a', account), 's' .. sid)
  return value and string.sub(value, 33, 48)
end
-- Notes a use of the family, unless a later one is known.
local function use(account, family, at)
  local before = seen(account, family)
  if tonumber(at) <= before then return end
  redis.call('HSET', K('a', account), 'f' .. family, at)
  -- One that begins has no other session.
  if before == 0 then return end
  each(account, family, function(sid, token, of, record)
    local stop, idle = times(record)
    redis.call('ZADD', K('e', 's'), int(math.min(stop, tonumber(at) + idle)), account .. sid)
  end)
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
