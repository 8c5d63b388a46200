-- Put a callback message on the outbox again, as if it had never been tried.
-- KEYS  1 outbox: callbacks:outbox  2 message: callbacks:message:{message id}
-- ARGV  1 message_id  2 message_json: with the secrets of its target
-- Returns 1, or 0 if the message has expired
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], 'tries', 0, 'message', ARGV[2])
redis.call('HDEL', KEYS[2], 'first_us')
redis.call('ZADD', KEYS[1], now_us(), ARGV[1])
wake(KEYS[1])
return 1
