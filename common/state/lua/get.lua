-- Read the current state of a task.
-- KEYS  1 state: workflow_state:{id}  2 control: task_control:{id}
-- Returns {context JSON, flat task_control} or {} if there is none
local context = redis.call('GET', KEYS[1])
if not context then return {} end
return {context, redis.call('HGETALL', KEYS[2])}
