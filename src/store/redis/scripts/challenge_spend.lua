local key, c = challenge(ARGV[3], ARGV[4])
if not c or c.decoy then return {'unknown'} end
return answer(key, c, ARGV[5])
