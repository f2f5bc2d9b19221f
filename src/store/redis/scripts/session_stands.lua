return stands(ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])) and 1 or 0
