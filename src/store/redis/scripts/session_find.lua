return found(ARGV[3], ARGV[4])
