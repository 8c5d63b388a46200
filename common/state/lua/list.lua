-- Read a page of tasks, newest first. The record keys are derived from the ids found: Baton runs on one primary.
-- The shortest index is scanned; an id must be in all the others too.
-- KEYS  1… indexes: tasks:index, tasks:index:{status}, tasks:index:name:{task name}
-- ARGV  1 highest: score, as `(123` or `+inf`  2 count: most tasks  3 most_seen: most ids that are read
-- Returns {where to continue, '' at the end, list of {context JSON or false, flat task_control}}
table.sort(KEYS, function(one, other) return redis.call('ZCARD', one) < redis.call('ZCARD', other) end)

local function in_others(id)
  for i = 2, #KEYS do
    if not redis.call('ZSCORE', KEYS[i], id) then return false end
  end
  return true
end

local most, most_seen = tonumber(ARGV[2]), tonumber(ARGV[3])
local from, seen, page = ARGV[1], 0, {}
while true do
  local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], from, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
  for i = 1, #found, 2 do
    local id = found[i]
    if in_others(id) then
      page[#page + 1] = {redis.call('GET', 'workflow_state:' .. id), redis.call('HGETALL', 'task_control:' .. id)}
    end
    seen = seen + 1
    if #page == most or seen == most_seen then return {found[i + 1], page} end
    from = '(' .. found[i + 1]
  end
  if #found < 2 * most then return {'', page} end
end
