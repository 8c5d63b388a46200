-- Give a task another attempt: it becomes pending under a new fence, so the previous one can write nothing any more.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}  3 from_index: tasks:index:{from}
--       4 pending: tasks:index:PENDING  5 waiting: tasks:waiting:{queue}  6 dispatch: tasks:dispatch
--       7 events: events:{id}  8 all_events: events:@tasks  9 wait_limits: tasks:wait_limits
-- ARGV  1 task_id  2 status: expected  3 fence: expected  4 heartbeat_us: expected, '' for any  5 delay_us
--       6 context: JSON, or '' to keep it  7 ttl_s  8 events_kept  9 signal: data JSON  10 attempt_limit
--       11 interruptions: so far
-- Returns 'OK', or why not: 'GONE', 'ALIVE', 'CANCEL' (its cancellation was requested) or the status found
local id, from, ttl = ARGV[1], ARGV[2], ARGV[7]
local no = refusal(KEYS[2], from, ARGV[3], 'PENDING', ARGV[4])
if no then return no end
if from == 'RUNNING' and redis.call('HEXISTS', KEYS[2], 'cancel_us') == 1 then return 'CANCEL' end

local now = now_us()
redis.call('HINCRBY', KEYS[2], 'fence', 1)
redis.call('HSET', KEYS[2], 'status', 'PENDING', 'waiting_us', now, 'attempt_limit', ARGV[10],
  'interruptions', ARGV[11])
redis.call('HDEL', KEYS[2], 'worker', 'heartbeat_us', 'progress_us', 'progress', 'cancel_us', 'finished_us',
  'closing_id')
if ARGV[6] ~= '' then redis.call('SET', KEYS[1], ARGV[6]) end
keep(KEYS[1], KEYS[2])
reindex(KEYS[3], KEYS[4], KEYS[2], id)
redis.call('ZADD', KEYS[5], waiting_score(redis.call('HGET', KEYS[2], 'priority'), now), id)
redis.call('ZADD', KEYS[6], now + ARGV[5], id)
limit_wait(KEYS[9], KEYS[2], id, now)
publish(KEYS[7], ARGV[8], ttl, 'signal', ARGV[9])
announce(KEYS[8], id, 'PENDING')
wake(KEYS[6])
return 'OK'
