-- Something that the monitor does exactly once, whoever leads: mark it, count it, tell the task, order its worker, and
-- put the alert on the outbox, from which the gateways deliver it.
-- KEYS  1 monitor:acted:{what}  2 monitor:actions  3 task_control:{id}  4 events:{id}  5 worker:orders:{worker}
--       6 callbacks:outbox  7 callbacks:message:{message id}
-- ARGV  1 for how long the mark holds, s  2 its name in the counts  3 ttl of events and message s  4 events kept
--       5 signal data JSON or ''  6 order JSON or ''  7 ttl of orders s  8 message id or ''  9 message JSON
-- Returns 1, or 0 when it was done before
local COUNTS_TTL_S = 2592000
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('EXPIRE', KEYS[2], COUNTS_TTL_S)
if ARGV[5] ~= '' and redis.call('HGET', KEYS[3], 'status') == 'RUNNING' then
  publish(KEYS[4], ARGV[4], ARGV[3], 'signal', ARGV[5])
end
if ARGV[6] ~= '' then
  redis.call('RPUSH', KEYS[5], ARGV[6])
  redis.call('EXPIRE', KEYS[5], ARGV[7])
end
if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[7], 'message', ARGV[9], 'tries', 0)
  redis.call('EXPIRE', KEYS[7], ARGV[3])
  redis.call('ZADD', KEYS[6], now_us(), ARGV[8])
  wake(KEYS[6])
end
return 1
