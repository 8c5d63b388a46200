-- Read the latest steps of Redis's clock.
-- KEYS  1 steps: monitor:clock_steps
-- Returns a list of step JSON, oldest first
return redis.call('LRANGE', KEYS[1], 0, -1)
