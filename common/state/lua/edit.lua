-- Store a user's edit of a segment, and publish it. Unchanged parts keep their stored values.
-- KEYS  1 control: task_control:{id}  2 edits: transcript_edits:{id}  3 events: events:{id}
-- ARGV  1 segment_id  2 parts: the segment as it was read, {part: JSON}  3 changes: {part: JSON}  4 language: JSON
--       5 events_kept
-- Returns {'OK', flat `{segment id}:{part}`, JSON}, {'GONE'} if there is no such task, {'BACKWARDS'} if the segment
-- would end before it starts
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'GONE'} end

local id, changed = ARGV[1], cjson.decode(ARGV[3])
local now, fields = {}, {}
for part, value in pairs(cjson.decode(ARGV[2])) do
  now[part] = changed[part] or redis.call('HGET', KEYS[2], id .. ':' .. part) or value
  fields[#fields + 1] = id .. ':' .. part
  fields[#fields + 1] = now[part]
end
if tonumber(now['end']) < tonumber(now['start']) then return {'BACKWARDS'} end

local ttl = redis.call('TTL', KEYS[1])
redis.call('HSET', KEYS[2], unpack(fields))
if ttl > 0 then redis.call('EXPIRE', KEYS[2], ttl) end
if status == 'PENDING' or status == 'RUNNING' then  -- otherwise the stream has already ended
  publish(KEYS[3], ARGV[5], math.max(redis.call('TTL', KEYS[3]), 86400), 'fragment', '{"segment_index":' .. id .. ',"language":' .. ARGV[4] ..
    ',"segments":[{"id":' .. id .. ',"start":' .. now['start'] .. ',"end":' .. now['end'] .. ',"text":' .. now['text'] ..
    ',"speaker":' .. now['speaker'] .. ',"modified":true}]}')
end
return {'OK', unpack(fields)}
