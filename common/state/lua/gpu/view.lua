-- Read every lock at one moment.
-- KEYS  1 locks: gpu:locks
-- Returns {now us, then for each lock: name, fence or '', ms of lease left, holder JSON or '', open connections of the
-- holder, number of waiters, the waiters' JSONs in order …}
local found = {string.format('%.0f', now_us())}
local function add(...) for _, value in ipairs({...}) do found[#found + 1] = value end end

for _, lock in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local fence = split(redis.call('GET', lock))
  local known = redis.call('HGET', lock .. ':parties', 'holder')
  local holder = known and cjson.decode(known)
  local holds = fence and holder and holder.fence == fence
  local open = holds and redis.call('PUBSUB', 'NUMSUB', holder.channel)[2] or 0
  local waiters = {}
  for _, owner in ipairs(redis.call('ZRANGE', lock .. ':queue', 0, -1)) do
    local party = redis.call('HGET', lock .. ':parties', owner)
    if party then waiters[#waiters + 1] = party end
  end
  add(lock, fence or '', redis.call('PTTL', lock), holds and known or '', open, #waiters)
  for _, party in ipairs(waiters) do add(party) end
end
return found
