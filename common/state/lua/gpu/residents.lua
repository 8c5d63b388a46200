-- Read the models on a device; those of dead processes are forgotten.
-- KEYS  1 residents: gpu:residents:{host}:{device}, resident -> JSON with its process's channel
-- Returns flat resident, JSON pairs
local found = redis.call('HGETALL', KEYS[1])
local living = {}
for i = 1, #found, 2 do
  if listens(cjson.decode(found[i + 1]).channel) then
    living[#living + 1] = found[i]
    living[#living + 1] = found[i + 1]
  else
    redis.call('HDEL', KEYS[1], found[i])
  end
end
return living
