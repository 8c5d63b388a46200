-- Remove a finished task with its callback messages, and record that its files must be removed.
-- KEYS  1 control: task_control:{id}  2 index: tasks:index  3 by_status: tasks:index:{status}
--       4 all_events: events:@tasks  5 removed: tasks:removed  6 outbox: callbacks:outbox
--       7 by_name: tasks:index:name:{task name}  8… others: the task's other keys
-- ARGV  1 task_id  2 status: expected  3 ttl_s  4… message_ids
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
