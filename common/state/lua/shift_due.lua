-- Redis's clock was set forward or back: record that, and shift the due times that were set by the old clock.
-- A due time does not contain the clock by which it was set. In doubt, work is done too early rather than too late, and
-- a wait lasts too long rather than too short.
-- The broker's lock is dropped after a backward step: a worker may have died with it, and it would last too long.
-- KEYS  1 dispatch: tasks:dispatch  2 outbox: callbacks:outbox  3 wait_limits: tasks:wait_limits
--       4 steps: monitor:clock_steps  5 broker_lock: unacked_mutex
-- ARGV  1 step_us: negative for back  2 before_us: the last time that was read before it  3 step: JSON
--       4 most_kept: steps
-- Returns the number of due times shifted
local step, before, shifted = tonumber(ARGV[1]), tonumber(ARGV[2]), 0

local function shift(list, from, to)
  local found = redis.call('ZRANGEBYSCORE', list, from, to, 'WITHSCORES')
  for i = 1, #found, 2 do
    redis.call('ZADD', list, 'XX', string.format('%.0f', found[i + 1] + step), found[i])
  end
  shifted = shifted + #found / 2
end

for i = 1, 2 do
  if step > 0 then
    shift(KEYS[i], '-inf', string.format('(%.0f', before + step))
  else
    shift(KEYS[i], string.format('(%.0f', now_us()), '+inf')
  end
end
shift(KEYS[3], step > 0 and '-inf' or string.format('%.0f', before), '+inf')
if step < 0 then redis.call('DEL', KEYS[5]) end
redis.call('RPUSH', KEYS[4], ARGV[3])
redis.call('LTRIM', KEYS[4], -ARGV[4], -1)
return shifted
