-- Take the first free device, or queue for all of them. Repeating the request is harmless, and makes up for a lost
-- wake-up.
-- KEYS  1… locks: of the candidate devices, the preferred one first
-- ARGV  1 owner  2 lease_ms  3 claim_ms  4 head_start_ms  5 grace_ms  6 party: JSON (see prelude.lua)
--       7 arrival_ms: or ''
-- Returns {lock, fence} if acquired, otherwise {'', position, ms until something may change, -1 if never, arrival ms}
local owner, lease_ms, claim_ms, head_start_ms, grace_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local now_ms = now_us() / 1000

-- granted while it slept, or the answer to an earlier request was lost
for _, lock in ipairs(KEYS) do
  local fence, holder = split(redis.call('GET', lock))
  if holder == owner then
    redis.call('PEXPIRE', lock, lease_ms)
    redis.call('HDEL', lock .. ':parties', 'suspect')
    return {lock, fence}
  end
end

-- The first request fixes the place, even if its answer, or the place together with the connection, was lost.
local placed = redis.call('ZSCORE', KEYS[1] .. ':queue', owner)
local arrival_ms = tonumber(ARGV[7]) or placed and placed + head_start_ms or now_ms
local party = cjson.decode(ARGV[6])
party.since_us = string.format('%.0f', arrival_ms * 1000)
for _, lock in ipairs(KEYS) do
  redis.call('ZADD', lock .. ':queue', arrival_ms - head_start_ms, owner)
  redis.call('HSET', lock .. ':parties', owner, cjson.encode(party))
  redis.call('EXPIRE', lock .. ':queue', QUEUE_TTL_S)
  redis.call('EXPIRE', lock .. ':parties', QUEUE_TTL_S)
end

-- In how many ms the holder is considered dead: 0 if it is, nil if nothing suggests it. It is dead if its connection is
-- closed, in the same run of Redis in which it was open, and it has renewed nothing for the grace since then.
local function dead_in(lock, fence)
  local parties = lock .. ':parties'
  local known = redis.call('HGET', parties, 'holder')
  local holder = known and cjson.decode(known)
  if not holder or listens(holder.channel) or holder.life ~= life() then
    redis.call('HDEL', parties, 'suspect')
    return nil
  end
  local since_ms = string.match(redis.call('HGET', parties, 'suspect') or '', '^' .. fence .. ' (%d+)$')
  if not since_ms then
    since_ms = string.format('%.0f', math.floor(now_ms))
    redis.call('HSET', parties, 'suspect', fence .. ' ' .. since_ms)
  end
  return math.max(0, tonumber(since_ms) + grace_ms - now_ms)
end

local news_ms = -1
local function expect(ms)
  if news_ms < 0 or ms < news_ms then news_ms = ms end
end

for _, lock in ipairs(KEYS) do
  local fence = split(redis.call('GET', lock))
  local dead_ms = fence and dead_in(lock, fence)
  if dead_ms == 0 then end_lease(lock, 'holder_died') end
  if not fence or dead_ms == 0 then
    local first, new_fence = hand_on(lock, claim_ms, owner)
    if first == owner then
      redis.call('PEXPIRE', lock, lease_ms)
      return {lock, new_fence}
    end
  end
  expect(redis.call('PTTL', lock))
  if dead_ms and dead_ms > 0 then expect(math.ceil(dead_ms)) end
end
return {'', redis.call('ZRANK', KEYS[1] .. ':queue', owner), news_ms, string.format('%.3f', arrival_ms)}
