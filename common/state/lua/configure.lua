-- Change monitor settings, unless they have been changed since they were read.
-- KEYS  1 config: monitor:config, path -> JSON, and 'revision'
-- ARGV  1 revision: that was read, or ''  2 removed: number of paths to remove
--       3… changes: those paths, then pairs of path and JSON
-- Returns 1, or 0 if the revision differs: then nothing was changed
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then return 0 end
local removed = tonumber(ARGV[2])
for i = 3, 2 + removed do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 3 + removed, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return 1
