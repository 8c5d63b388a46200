-- Read the workers that were seen recently.
-- KEYS  1 workers: workers
-- Returns flat name, µs since it was last seen, presence JSON or '' if it is gone
local now, found = now_us(), {}
local seen = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #seen, 2 do
  found[#found + 1] = seen[i]
  found[#found + 1] = string.format('%.0f', now - seen[i + 1])
  found[#found + 1] = redis.call('GET', 'worker:' .. seen[i]) or ''
end
return found
