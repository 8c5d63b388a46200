-- Read the user edits of a task's transcript.
-- KEYS  1 edits: transcript_edits:{id}
-- Returns flat `{segment id}:{part}`, JSON
return redis.call('HGETALL', KEYS[1])
