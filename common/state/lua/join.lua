-- Add a client that waits for a task, unless its last client has left.
-- KEYS  1 clients: task_clients:{id}
-- ARGV  1 client  2 ttl_s
-- Returns 1, or 0 if the last client has left: the task is being cancelled
if redis.call('SISMEMBER', KEYS[1], 'left') == 1 then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
