-- Ask a running task to stop: its next heartbeat returns the request.
-- KEYS  1 control: task_control:{id}
-- Returns the status found, or 'GONE'
local status = redis.call('HGET', KEYS[1], 'status')
if status == 'RUNNING' then redis.call('HSETNX', KEYS[1], 'cancel_us', now_us()) end
return status or 'GONE'
