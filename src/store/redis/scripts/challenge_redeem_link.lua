local key, c = challenge(ARGV[3], ARGV[4])
if not c or c.decoy or c.link ~= ARGV[6] then return {'unknown'} end
-- Guesses that are all used do not matter to a link, its time does.
return answer(key, c, ARGV[5])
