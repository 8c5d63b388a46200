-- Take a deferred member, unless another process has taken it since.
-- KEYS  1 due: sorted set by due time in us
-- ARGV  1 member  2 due_us: expected  3 lease_us
-- Returns 1, or 0 if its due time differs, or it is no longer on the list
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], 'XX', now_us() + ARGV[3], ARGV[1])
return 1
