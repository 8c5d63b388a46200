-- Record the heartbeat of an attempt, publish its events, and return whether it must stop.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}  3 events: events:{id}
-- ARGV  1 fence  2 ttl_s  3 events_kept  4 rss: resident memory in bytes  5 progress: JSON or ''
--       6… news: pairs of event and data JSON
-- Returns 'OK', 'CANCEL' or 'FENCED'
local ttl = ARGV[2]
local seen = redis.call('HMGET', KEYS[2], 'status', 'fence', 'cancel_us')
if seen[1] ~= 'RUNNING' or seen[2] ~= ARGV[1] then return 'FENCED' end

local now = now_us()
redis.call('HSET', KEYS[2], 'heartbeat_us', now, 'rss', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'progress', ARGV[5], 'progress_us', now) end
for i = 6, #ARGV, 2 do
  publish(KEYS[3], ARGV[3], ttl, ARGV[i], ARGV[i + 1])
  if ARGV[i] == 'draft' or ARGV[i] == 'fragment' then redis.call('HSET', KEYS[2], 'text_told', 1) end
end
keep(KEYS[1], KEYS[2])
return seen[3] and 'CANCEL' or 'OK'
