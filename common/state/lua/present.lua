-- Publish that a worker is alive.
-- KEYS  1 worker: worker:{name}  2 workers: workers
-- ARGV  1 name  2 presence: JSON  3 ttl_s  4 remembered_s: how long a worker that is gone is listed
local now = now_us()
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[4] * 1000000)
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
