-- Start an attempt: PENDING to RUNNING under a new fence. Anything else is refused, so a delivery is only a hint.
-- A repeated claim, because its reply was lost, returns the attempt that it started.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}  3 pending: tasks:index:PENDING
--       4 running: tasks:index:RUNNING  5 waiting: tasks:waiting:{queue}  6 dispatch: tasks:dispatch
--       7 events: events:{id}  8 all_events: events:@tasks
-- ARGV  1 task_id  2 worker  3 ttl_s  4 events_kept  5 claim_id: unique
-- Returns {context JSON, flat task_control} or {status} if refused, {} if there is no such task
local id, ttl = ARGV[1], ARGV[3]
local context = redis.call('GET', KEYS[1])
local status = redis.call('HGET', KEYS[2], 'status')
if not context or not status then return {} end
if status == 'RUNNING' and redis.call('HGET', KEYS[2], 'claim') == ARGV[5] then
  return {context, redis.call('HGETALL', KEYS[2])}
end
if status ~= 'PENDING' then return {status} end

local now = now_us()
redis.call('HINCRBY', KEYS[2], 'fence', 1)
local attempt = redis.call('HINCRBY', KEYS[2], 'attempt', 1)
redis.call('HSET', KEYS[2], 'status', 'RUNNING', 'worker', ARGV[2], 'started_us', now, 'heartbeat_us', now,
  'progress_us', now, 'claim', ARGV[5])
redis.call('HDEL', KEYS[2], 'progress', 'cancel_us')
keep(KEYS[1], KEYS[2])
reindex(KEYS[3], KEYS[4], KEYS[2], id)
redis.call('ZREM', KEYS[5], id)
redis.call('ZREM', KEYS[6], id)
local code = attempt == 1 and 'started' or 'resumed'
publish(KEYS[7], ARGV[4], ttl, 'signal', '{"code":"' .. code .. '","attempt":' .. attempt .. '}')
announce(KEYS[8], id, 'RUNNING')
return {context, redis.call('HGETALL', KEYS[2])}
