-- Forget a finished task with its callback messages, and remember that its files are to be removed.
-- KEYS  1 task_control:{id}  2 tasks:index  3 tasks:index:{status}  4 events:@tasks  5 tasks:removed
--       6 callbacks:outbox  7 tasks:index:name:{task name}  8… its other keys
-- ARGV  1 id  2 status it must have  3 ttl s  4… message ids
-- Returns 'OK', 'GONE' or the status found
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'GONE' end
if status ~= ARGV[2] then return status end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[7], ARGV[1])
redis.call('DEL', KEYS[1], unpack(KEYS, 8))
if ARGV[4] then redis.call('ZREM', KEYS[6], unpack(ARGV, 4)) end
redis.call('SADD', KEYS[5], ARGV[1])
redis.call('EXPIRE', KEYS[5], ARGV[3])
announce(KEYS[4], ARGV[1], nil)
return 'OK'
