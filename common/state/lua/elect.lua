-- Take or renew the lease of the one active monitor.
-- KEYS  1 leader: monitor:leader
-- ARGV  1 name: own  2 lease_ms  3 silent: a lease that was not renewed in time, as the caller has measured, or ''
-- Returns the lease that holds now: '<name> <how often it was renewed>'
-- It expires by Redis's clock, which may be set back; so waiting gateways measure the silence of a dead holder.
local held = redis.call('GET', KEYS[1])
local holder, renewals = string.match(held or '', '^(%S+) (%d+)$')
if held and holder ~= ARGV[1] and held ~= ARGV[3] then return held end
local lease = ARGV[1] .. ' ' .. string.format('%.0f', holder == ARGV[1] and renewals + 1 or 0)
redis.call('SET', KEYS[1], lease, 'PX', ARGV[2])
return lease
