-- End a task: context, status, final event and callback outbox entry in one step.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}  3 from_index: tasks:index:{from}
--       4 to_index: tasks:index:{to}  5 waiting: tasks:waiting:{queue}  6 dispatch: tasks:dispatch
--       7 events: events:{id}  8 all_events: events:@tasks  9 outbox: callbacks:outbox
--       10 message: callbacks:message:{message id}
-- ARGV  1 task_id  2 status: expected  3 fence: expected  4 heartbeat_us: expected, '' for any  5 final_status
--       6 context: JSON  7 ttl_s  8 events_kept  9 event  10 event_data: JSON  11 message_id: or ''
--       12 message_json  13 events_ttl_s: how long the events are kept
-- Returns 'OK', or why not: 'GONE', 'ALIVE' or the status found
local function compact(control, dropped)  -- a hash that once had a long field stays large until it is rewritten
  redis.call('HDEL', control, unpack(dropped))
  local kept = redis.call('HGETALL', control)
  redis.call('DEL', control)
  redis.call('HSET', control, unpack(kept))
end

local id, from, fence, to, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[7]
local seen = redis.call('HMGET', KEYS[2], 'status', 'fence')
if seen[1] == to and seen[2] == fence then return 'OK' end  -- already done: the reply was lost
local no = refusal(KEYS[2], from, fence, to, ARGV[4])
if no then return no end

-- Text that was only published in events is read from them, unless the task's output contains it.
local told_only = to ~= 'SUCCESS' and redis.call('HEXISTS', KEYS[2], 'text_told') == 1
local closing_id = publish(KEYS[7], ARGV[8], told_only and ttl or ARGV[13], ARGV[9], ARGV[10])
redis.call('SET', KEYS[1], ARGV[6], 'EX', ttl)
redis.call('HSET', KEYS[2], 'status', to, 'finished_us', now_us(), 'closing_id', closing_id)
compact(KEYS[2], {'claim', 'heartbeat_us', 'progress', 'progress_us', 'rss', 'worker', 'text_told'})
expire(KEYS[1], KEYS[2], ttl)
reindex(KEYS[3], KEYS[4], KEYS[2], id)
redis.call('ZREM', KEYS[5], id)
redis.call('ZREM', KEYS[6], id)
announce(KEYS[8], id, to)
if ARGV[11] ~= '' then
  redis.call('HSET', KEYS[10], 'message', ARGV[12], 'tries', 0)
  redis.call('EXPIRE', KEYS[10], ttl)
  redis.call('ZADD', KEYS[9], now_us(), ARGV[11])
  wake(KEYS[9])
end
return 'OK'
