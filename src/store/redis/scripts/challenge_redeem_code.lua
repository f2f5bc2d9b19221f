local key, c = challenge(ARGV[3], ARGV[4])
if not c then return {'unknown'} end
if c.consumed then return {'spent'} end
if c.guesses >= c.most then return {'exhausted'} end
if tonumber(ARGV[5]) >= c.stop then return {'expired'} end
-- Counted before anything is compared. Lua has each string once: to compare two takes one look, wherever they differ.
local guesses, right = redis.call('HINCRBY', key, 'at', 1), false
for at = 6, #ARGV do
  right = right or ARGV[at] == c.code or ARGV[at] == c.relay
end
if right and not c.decoy then return spend(key, ARGV[5]) end
if guesses >= c.most then return {'wrong_and_exhausted'} end
return {'wrong', int(c.most - guesses)}
