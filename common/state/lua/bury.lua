-- Store a broker message that no worker can run as a dead letter; remove it from its queue if it is still there.
-- KEYS  1 letters: broker:dead_letters  [2 listed_in: a list of the broker that holds the message]
-- ARGV  1 letter: JSON  2 most_kept  3 ttl_s  4 message: raw
-- Returns 1, or 0 if the message is no longer in the queue
if KEYS[2] and redis.call('LREM', KEYS[2], 0, ARGV[4]) == 0 then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
