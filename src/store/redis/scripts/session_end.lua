local family, removed = family_of(ARGV[3], ARGV[4]), {}
if not family then return false end
end_family(ARGV[3], family, removed)
return {family, removed}
