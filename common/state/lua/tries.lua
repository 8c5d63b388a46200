-- Read all tries of a task's callbacks, oldest first.
-- KEYS  1 deliveries: callbacks:deliveries:{id}
-- Returns a list of try JSON
migrate_tries(KEYS[1])
return redis.call('LRANGE', KEYS[1], 0, -1)
