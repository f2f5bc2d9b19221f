local family = family_of(ARGV[3], ARGV[4])
if family then use(ARGV[3], family, ARGV[5]) end
return 1
