-- Put a pending task on the dispatch list at once: its delivery was lost with the process that had it.
-- KEYS  1 control: task_control:{id}  2 dispatch: tasks:dispatch
-- ARGV  1 task_id
-- Returns 1, or 0 if the task is not pending or already on the list
if redis.call('HGET', KEYS[1], 'status') ~= 'PENDING' then return 0 end
local added = redis.call('ZADD', KEYS[2], 'NX', now_us(), ARGV[1])
if added == 1 then wake(KEYS[2]) end
return added
