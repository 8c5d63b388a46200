-- End a lease, on behalf of its holder or of a process that found the holder dead, and hand the lock on.
-- KEYS  1 lock
-- ARGV  1 owner  2 fence  3 claim_ms  4 reason: for the history
-- Returns 1, or 0 if the lock has changed hands: then nothing was done
local fence, holder = split(redis.call('GET', KEYS[1]))
if holder ~= ARGV[1] or fence ~= ARGV[2] then return 0 end
end_lease(KEYS[1], ARGV[4])
hand_on(KEYS[1], ARGV[3])
return 1
