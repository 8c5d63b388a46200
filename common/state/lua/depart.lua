-- Forget a worker that stopped in order; a worker that died stays listed for a while.
-- KEYS  1 worker: worker:{name}  2 workers: workers
-- ARGV  1 name
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
