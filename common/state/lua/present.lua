-- Show that a worker lives.
-- KEYS  1 worker:{name}  2 workers
-- ARGV  1 name  2 presence JSON  3 ttl s  4 how long a worker that is gone is remembered, s
local now = now_us()
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[4] * 1000000)
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
