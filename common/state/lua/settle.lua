-- Record a try of a callback, and when the next one is due. Repeating the same try changes nothing. After the last try
-- the message is kept without its target's secrets. If the message was deleted with its task, nothing is recorded.
-- KEYS  1 outbox: callbacks:outbox  2 deliveries: callbacks:deliveries:{id}
--       3 message: callbacks:message:{message id}
-- ARGV  1 message_id  2 tried: JSON  3 ttl_s  4 delay_us: until the next try, -1 for none  5 most_kept: tries
--       6 packed: message to keep after the last try
-- Returns the number of tries
local try = redis.sha1hex(ARGV[2])
local seen = redis.call('HMGET', KEYS[3], 'last_try', 'tries')
if not seen[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
  return 0
end
if seen[1] == try then return seen[2] end  -- already done: the reply was lost

migrate_tries(KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('LTRIM', KEYS[2], -ARGV[5], -1)
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('HSETNX', KEYS[3], 'first_us', now_us())
redis.call('HSET', KEYS[3], 'last_try', try)
local tries = redis.call('HINCRBY', KEYS[3], 'tries', 1)
redis.call('EXPIRE', KEYS[3], ARGV[3])
if ARGV[4] == '-1' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HSET', KEYS[3], 'message', ARGV[6])
else
  redis.call('ZADD', KEYS[1], now_us() + ARGV[4], ARGV[1])
end
return tries
