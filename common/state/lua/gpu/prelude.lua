-- Shared by the scripts of the GPU lock; follows the general prelude. A device's keys are derived from its lock's name,
-- because a grant removes the waiter from the queues of other devices too. Baton runs on one primary.
--
--   gpu_lock:{host}:{device}          '<fence> <owner>' with the lease as its time to live; absent: free
--   gpu_lock:{host}:{device}:queue    waiters by arrival in ms, less the head start of their priority
--   gpu_lock:{host}:{device}:parties  owner -> JSON {channel, devices, task_id, worker, priority, since_us}; and
--                                     'holder' -> JSON of the lease; 'suspect' -> its fence and since when, in ms
--   gpu_lock:{host}:{device}:fence    the last fence
--   gpu_lock:{host}:{device}:history  ended leases, and waiters that gave up

local HISTORY_KEPT = 1000
local HISTORY_TTL_S = 604800
local QUEUE_TTL_S = 3600  -- each request renews it
local LOCKS = 'gpu:locks'  -- the name of each lock by when it was last granted, so that the monitor need not search

-- Fence and owner of a lock's value; nil when it is free.
local function split(value)
  return string.match(value or '', '^(%d+) (.+)$')
end

-- The run of Redis. A restart closes every connection, so after it a missing connection proves nothing.
local function life()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- Fences grow even if Redis has lost its file: they never fall below the clock.
local function next_fence(lock)
  local last = tonumber(redis.call('GET', lock .. ':fence') or 0)
  local fence = math.max(last + 1, math.floor(now_us() / 1000))
  redis.call('SET', lock .. ':fence', string.format('%.0f', fence), 'EX', HISTORY_TTL_S)
  return string.format('%.0f', fence)
end

local function remember(lock, lease, reason, ended_us)
  lease.reason = reason
  lease.ended_us = string.format('%.0f', ended_us)
  redis.call('XADD', lock .. ':history', 'MAXLEN', '~', HISTORY_KEPT, '*', 'lease', cjson.encode(lease))
  redis.call('EXPIRE', lock .. ':history', HISTORY_TTL_S)
end

-- Close the history entry of the previous lease, if it was never released.
local function close_record(lock, reason)
  local holder = redis.call('HGET', lock .. ':parties', 'holder')
  if not holder then return end
  remember(lock, cjson.decode(holder), reason, now_us())
  redis.call('HDEL', lock .. ':parties', 'holder', 'suspect')
end

-- End the current lease and leave the lock free.
local function end_lease(lock, reason)
  close_record(lock, reason)
  redis.call('DEL', lock)
end

local function leave_queues(owner, party)
  for _, device in ipairs(party.devices) do
    redis.call('ZREM', device .. ':queue', owner)
    redis.call('HDEL', device .. ':parties', owner)
  end
end

-- Grant the lock to an owner. The time to live is the full lease for the caller, a short claim for a waiter that must
-- wake up first.
local function grant(lock, owner, party, ttl_ms)
  close_record(lock, 'expired')
  local fence, now = next_fence(lock), now_us()
  redis.call('SET', lock, fence .. ' ' .. owner, 'PX', ttl_ms)
  leave_queues(owner, party)
  local lease = {owner = owner, fence = fence, channel = party.channel, task_id = party.task_id, worker = party.worker,
    priority = party.priority, queued_us = party.since_us, granted_us = string.format('%.0f', now), life = life()}
  redis.call('HSET', lock .. ':parties', 'holder', cjson.encode(lease))
  redis.call('EXPIRE', lock .. ':parties', QUEUE_TTL_S)
  redis.call('ZADD', LOCKS, now, lock)
  redis.call('EXPIRE', LOCKS, HISTORY_TTL_S)
  return fence
end

-- Whether the process behind a channel is subscribed. The kernel closes the connection of a dead process.
local function listens(channel)
  return redis.call('PUBSUB', 'NUMSUB', channel)[2] > 0
end

-- Grant a free lock to the first living waiter, wake it, and return it with its fence. Waiters whose process is not
-- subscribed are dropped: a living one returns to its old place with its next request. The caller is alive.
local function hand_on(lock, claim_ms, asker)
  while true do
    local first = redis.call('ZRANGE', lock .. ':queue', 0, 0)[1]
    if not first then return nil end
    local known = redis.call('HGET', lock .. ':parties', first)
    local party = known and cjson.decode(known)
    if party and (first == asker or redis.call('PUBLISH', party.channel, 'granted ' .. first) > 0) then
      return first, grant(lock, first, party, claim_ms)
    end
    if party then leave_queues(first, party) else redis.call('ZREM', lock .. ':queue', first) end
  end
end
