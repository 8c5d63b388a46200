-- Record a task and its place on the dispatch list in one step; repeating the same request changes nothing.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}  3 index: tasks:index
--       4 pending: tasks:index:PENDING  5 waiting: tasks:waiting:{queue}  6 dispatch: tasks:dispatch
--       7 all_events: events:@tasks  8 wait_limits: tasks:wait_limits  9 by_name: tasks:index:name:{task name}
--       [10 idempotency: idempotency:{digest of the client's key}]
-- ARGV  1 task_id  2 context: JSON  3 digest: of the request  4 priority: 0-9  5 ttl_s  6 max_pending
--       7 dispatch_delay_us  8… fields: pairs of further fields for task_control
-- Returns {'created'|'exists'|'conflict'|'full', id, position among the pending tasks (from 0)}
local id, digest, ttl = ARGV[1], ARGV[3], ARGV[5]

if KEYS[10] then
  local known = redis.call('GET', KEYS[10])
  if known then
    local known_digest, known_id = string.match(known, '^(%S+) (.+)$')
    if redis.call('EXISTS', 'task_control:' .. known_id) == 1 then  -- else it was removed; key derived as in list.lua
      return {known_digest == digest and 'exists' or 'conflict', known_id, -1}
    end
  end
end
local known_digest = redis.call('HGET', KEYS[2], 'digest')
if known_digest then return {known_digest == digest and 'exists' or 'conflict', id, -1} end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[6]) then return {'full', id, -1} end

-- The first fence is the time, so that a fence of a removed task with the same id can never occur again.
local now = now_us()
redis.call('SET', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], 'status', 'PENDING', 'digest', digest, 'priority', ARGV[4], 'fence', now, 'attempt', 0,
  'created_us', now, 'waiting_us', now, unpack(ARGV, 8))
limit_wait(KEYS[8], KEYS[2], id, now)
redis.call('ZADD', KEYS[3], now, id)
redis.call('ZADD', KEYS[4], now, id)
redis.call('ZADD', KEYS[9], now, id)
redis.call('ZADD', KEYS[5], waiting_score(ARGV[4], now), id)
redis.call('ZADD', KEYS[6], now + ARGV[7], id)
if KEYS[10] then redis.call('SET', KEYS[10], digest .. ' ' .. id, 'EX', ttl) end
announce(KEYS[7], id, 'PENDING')
return {'created', id, redis.call('ZRANK', KEYS[5], id)}
