-- Take a member that was deferred, unless another process has taken it since.
-- KEYS  1 due: sorted set by due time in us
-- ARGV  1 member  2 due_us: expected  3 lease_us
-- Returns 1, or 0 when its due time is another one, or it is on the list no more
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due or tonumber(due) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], 'XX', now_us() + ARGV[3], ARGV[1])
return 1
