-- m: mails by the instant at which they are due; a lease moves it. b: their bodies.
local function write_mail(id, kind, sealed, created, not_after, ttl)
  redis.call('HSET', K('b', id), 'k', kind, 's', sealed, 'c', created, 'n', not_after, 'a', '0')
  redis.call('PEXPIRE', K('b', id), ttl)
  redis.call('ZADD', K('m'), created, id)
  live(K('m'), ttl)
  ends('m', id, not_after, ttl)
end
local function drop_mail(id)
  redis.call('ZREM', K('m'), id)
  gone('m', id)
  return redis.call('DEL', K('b', id))
end
-- Of the script's arguments from `at` on: a mail, if there is one. Gives its name.
local function mail_from(at)
  if not ARGV[at] then return '' end
  write_mail(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
  return ARGV[at]
end
