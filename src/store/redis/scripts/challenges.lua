-- c: challenges by their browser: purpose, decoy, account, MACs of code and relay code, hash of the link, end, when last
-- sent, how often, guesses, the most of them, when answered, waiting mail, and what only doorward reads.
local function told(key)
  return redis.call('HMGET', key, 'v', 'ex', 'se', 'sn', 'at', 'mx', 'cn')
end
-- The challenge of this browser and purpose.
local function challenge(flow, purpose)
  local key = K('c', flow)
  local f = redis.call('HMGET', key, 'pu', 'de', 'ex', 'at', 'mx', 'cn', 'co', 're', 'li', 'se', 'sn', 'ma', 'ac')
  if f[1] ~= purpose then return key, nil end
  return key, {
    decoy = f[2] ~= '0', stop = tonumber(f[3]), guesses = tonumber(f[4]), most = tonumber(f[5]), consumed = f[6] ~= '',
    code = f[7], relay = f[8], link = f[9], sent = tonumber(f[10]), sends = tonumber(f[11]), mail = f[12], account = f[13],
  }
end
local function spend(key, now)
  redis.call('HSET', key, 'cn', now)
  return {'accepted', told(key)}
end
-- Answers by something that is no guess.
local function answer(key, c, now)
  if c.consumed then return {'spent'} end
  if tonumber(now) >= c.stop then return {'expired'} end
  return spend(key, now)
end
local function drop_waiting(key)
  local mail = redis.call('HGET', key, 'ma')
  if mail and mail ~= '' then drop_mail(mail) end
end
