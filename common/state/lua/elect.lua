-- Take or renew the lease of the one active monitor.
-- KEYS  1 leader: monitor:leader
-- ARGV  1 name: own  2 lease_ms
-- Returns 1 for the leader, else 0
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
