-- Remove the user edits of a segment, and publish the segment without them.
-- KEYS  1 control: task_control:{id}  2 edits: transcript_edits:{id}  3 events: events:{id}
-- ARGV  1 events_kept  2 event_data: JSON, or '' if the engine no longer has such a segment
--       3… fields: `{segment id}:{part}`
-- Returns the number of fields removed
local removed = redis.call('HDEL', KEYS[2], unpack(ARGV, 3))
local status = redis.call('HGET', KEYS[1], 'status')
if removed > 0 and ARGV[2] ~= '' and (status == 'PENDING' or status == 'RUNNING') then
  publish(KEYS[3], ARGV[1], math.max(redis.call('TTL', KEYS[3]), 86400), 'fragment', ARGV[2])
end
return removed
