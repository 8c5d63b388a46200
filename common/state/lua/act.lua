-- Perform a monitor action exactly once, whichever gateway leads: mark it, count it, signal the task, order its worker,
-- and put the alert on the outbox, from which the gateways deliver it.
-- KEYS  1 action: monitor:acted:{what}  2 counts: monitor:actions  3 control: task_control:{id}
--       4 events: events:{id}  5 orders: worker:orders:{worker}  6 outbox: callbacks:outbox
--       7 message: callbacks:message:{message id}
-- ARGV  1 mark_ttl_s  2 name: under which it is counted  3 ttl_s: of events and message  4 events_kept
--       5 signal: data JSON or ''  6 order: JSON or ''  7 orders_ttl_s  8 message_id: or ''  9 message_json
-- Returns 1, or 0 if it was performed before
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
