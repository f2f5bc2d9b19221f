local record = record_of(ARGV[3])
if not record then return false end
return {record, int(seen(string.sub(record, 17, 32), string.sub(record, 33, 48)))}
