-- Precedes every script, after NEXT: the table of allowed transitions, generated from common/state/context.py.

local function now_us()  -- Redis's own clock: deadlines are compared on one clock only
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

-- Compare the task with the caller's view. Returns nil if they match, otherwise the refusal for the caller.
-- heartbeat_us, unless it is '', requires that no newer heartbeat than the given one has arrived.
local function refusal(control, status, fence, to, heartbeat_us)
  local seen = redis.call('HMGET', control, 'status', 'fence', 'heartbeat_us')
  if not seen[1] then return 'GONE' end
  if seen[1] ~= status or seen[2] ~= fence or not (NEXT[status] and NEXT[status][to]) then return seen[1] end
  if heartbeat_us ~= '' and (seen[3] or '') ~= heartbeat_us then return 'ALIVE' end
  return nil
end

-- Move the id between the two status indexes, keeping its creation time as the score.
local function reindex(from, to, control, id)
  redis.call('ZREM', from, id)
  redis.call('ZADD', to, redis.call('HGET', control, 'created_us'), id)
end

-- Priority 9 first, then first come. Scores stay exact: 9e13 + milliseconds with fractions is far below 2^53.
local function waiting_score(priority, us)
  return (9 - priority) * 1e13 + us / 1000
end

-- Record when a task that becomes pending reaches its wait limit, if it has one.
local function limit_wait(limits, control, id, now)
  local max_wait_s = redis.call('HGET', control, 'max_wait_s')
  if max_wait_s then redis.call('ZADD', limits, now + max_wait_s * 1000000, id) end
end

-- The keys of a task's record and of its transcript edits. The latter key is derived, as in list.lua.
local function record_of(state, control)
  return ipairs({state, control, (string.gsub(control, '^task_control:', 'transcript_edits:'))})
end

-- Keep the record of an unfinished task, whatever happens to Redis's clock.
local function keep(state, control)
  for _, key in record_of(state, control) do redis.call('PERSIST', key) end
end

-- Let the record of a finished task expire.
local function expire(state, control, ttl)
  for _, key in record_of(state, control) do redis.call('EXPIRE', key, ttl) end
end

-- Returns the id of the event.
local function publish(stream, maxlen, ttl, event, data)
  local event_id = redis.call('XADD', stream, 'MAXLEN', '~', maxlen, '*', 'event', event, 'data', data)
  redis.call('EXPIRE', stream, ttl)
  return event_id
end

-- Publish a task's new status to those who watch the whole system; nil: it is gone. Ids need no escaping.
local function announce(stream, id, status)
  local told = status and '"' .. status .. '"' or 'null'
  publish(stream, 2000, 86400, 'task', '{"task_id":"' .. id .. '","status":' .. told .. '}')
end

-- Convert the delivery log of an earlier version to a list: a stream takes 4 kB, however little it contains.
local function migrate_tries(key)
  if redis.call('TYPE', key).ok ~= 'stream' then return end
  local entries, ttl = redis.call('XRANGE', key, '-', '+'), redis.call('TTL', key)
  redis.call('DEL', key)
  for _, entry in ipairs(entries) do redis.call('RPUSH', key, entry[2][2]) end
  redis.call('EXPIRE', key, ttl)
end

-- Notify the gateways that a work list has something due. They also poll.
local function wake(list)
  redis.call('PUBLISH', 'baton:wake', list)
end
