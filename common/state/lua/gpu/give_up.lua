-- Leave the queue. What was granted in the meantime is handed on.
-- KEYS  1… locks: of the candidate devices
-- ARGV  1 owner  2 claim_ms  3 reason: for the history
for _, lock in ipairs(KEYS) do
  local known = redis.call('HGET', lock .. ':parties', ARGV[1])
  if known then
    local waiter = cjson.decode(known)
    waiter.queued_us = waiter.since_us
    remember(lock, waiter, ARGV[3], now_us())
  end
  redis.call('ZREM', lock .. ':queue', ARGV[1])
  redis.call('HDEL', lock .. ':parties', ARGV[1])
  local _, holder = split(redis.call('GET', lock))
  if holder == ARGV[1] then
    end_lease(lock, ARGV[3])
    hand_on(lock, ARGV[2])
  end
end
return 1
