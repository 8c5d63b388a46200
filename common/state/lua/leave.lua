-- Remove a client that waits for a task. After the last one nobody can join, so no client joins what is being cancelled.
-- KEYS  1 clients: task_clients:{id}
-- ARGV  1 client  2 ttl_s
-- Returns 1 if no client is left, or 0; also 0 if the key was lost, and with it the other clients
if redis.call('SISMEMBER', KEYS[1], 'left') == 1 then return 1 end
if redis.call('SREM', KEYS[1], ARGV[1]) == 0 or redis.call('SCARD', KEYS[1]) > 0 then return 0 end
redis.call('SADD', KEYS[1], 'left')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
