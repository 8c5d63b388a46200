-- End every lease of a dead process, and hand its locks on.
-- KEYS  1 locks: gpu:locks
-- ARGV  1 worker: name of the process  2 claim_ms  3 reason: for the history
-- Returns the locks it held
local mine, freed = ARGV[1] .. ':', {}
for _, lock in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local _, owner = split(redis.call('GET', lock))
  if owner and string.sub(owner, 1, #mine) == mine then
    end_lease(lock, ARGV[3])
    hand_on(lock, ARGV[2])
    freed[#freed + 1] = lock
  end
end
return freed
