-- Change only the due time of a member of a work list.
-- KEYS  1 due: sorted set by due time in us
-- ARGV  1 member  2 delay_us
-- Returns the due time in us, or '' if the member is no longer on the list
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return '' end
local due = string.format('%.0f', now_us() + ARGV[2])
redis.call('ZADD', KEYS[1], 'XX', due, ARGV[1])
return due
