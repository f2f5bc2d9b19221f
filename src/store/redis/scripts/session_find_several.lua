local sessions = {}
for at = 3, #ARGV, 2 do sessions[#sessions + 1] = found(ARGV[at], ARGV[at + 1]) end
return sessions
