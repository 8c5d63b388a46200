-- The memory of a simulated GPU.
-- KEYS  1 memory: gpu:simulated:{host}:{device}, pid -> MiB
-- ARGV  1 verb: 'read', 'take' or 'forget'  2 pid  3 mib: to take, negative to give back  4 total_mib
-- Returns flat pid, MiB pairs; for 'take' an empty list if there is not enough
local verb, pid, mib, total = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if verb == 'forget' then redis.call('HDEL', KEYS[1], pid) end
if verb == 'take' then
  local used = 0
  for _, value in ipairs(redis.call('HVALS', KEYS[1])) do used = used + tonumber(value) end
  if used + mib > total then return {} end
  if redis.call('HINCRBY', KEYS[1], pid, mib) < 0 then redis.call('HSET', KEYS[1], pid, 0) end
  redis.call('EXPIRE', KEYS[1], 86400)
end
return redis.call('HGETALL', KEYS[1])
