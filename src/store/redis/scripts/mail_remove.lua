return drop_mail(ARGV[3])
