-- A worker whose clock is ahead dates its deliveries in the future. If it dies, they would be redelivered too late, so
-- they are dated now.
-- KEYS  1 deliveries: unacked_index
-- ARGV  1 margin_s: a smaller difference between two clocks is usual
-- Returns the number of deliveries dated now
local now = now_us() / 1000000
local found = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.3f', now + ARGV[1]), '+inf')
for _, tag in ipairs(found) do
  redis.call('ZADD', KEYS[1], 'XX', string.format('%.3f', now), tag)
end
return #found
