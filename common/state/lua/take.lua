-- Take what is due from a work list. Members stay on the list, due again after the lease, until they are removed:
-- what a dying process leaves is taken by the next one.
-- KEYS  1 due: sorted set by due time in us
-- ARGV  1 count: most members  2 lease_us
-- Returns the members
local now = now_us()
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], member) end
return due
