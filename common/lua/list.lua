-- Read a page of tasks, newest first. The record keys are derived from the ids found: Baton runs on one primary.
-- KEYS  1 tasks:index or tasks:index:{status}
-- ARGV  1 highest score, as `(123` or `+inf`  2 most ids
-- Returns a list of {id, score, context JSON or false, flat task_control}
local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local page = {}
for i = 1, #found, 2 do
  local id = found[i]
  page[#page + 1] = {id, found[i + 1], redis.call('GET', 'workflow_state:' .. id),
    redis.call('HGETALL', 'task_control:' .. id)}
end
return page
