-- Renew a lease.
-- KEYS  1 lock
-- ARGV  1 owner  2 fence  3 lease_ms
-- Returns the number of waiters, or -1 if the lease is lost
local fence, holder = split(redis.call('GET', KEYS[1]))
if holder ~= ARGV[1] or fence ~= ARGV[2] then return -1 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HDEL', KEYS[1] .. ':parties', 'suspect')
redis.call('EXPIRE', KEYS[1] .. ':parties', QUEUE_TTL_S)
return redis.call('ZCARD', KEYS[1] .. ':queue')
