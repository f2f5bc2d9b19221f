local record = record_of(ARGV[4])
if not record then return false end
return {record, int(seen(ARGV[3], string.sub(record, 17, 32)))}
