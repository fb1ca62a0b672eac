#!lua flags=allow-oom
-- Keeps a worker alive and gives it its share of the partitions.
-- KEYS: workers, lease…. ARGV: worker, lease ms, given-up partition….
-- Answers: share, renewed partitions, newly taken ones.
local worker, lease = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local owners = {}
for at = 2, #KEYS do
  owners[at] = redis.call('GET', KEYS[at])
end
for i = 3, #ARGV do
  local at = tonumber(ARGV[i]) + 2
  if owners[at] == worker then
    redis.call('DEL', KEYS[at])
    owners[at] = false
  end
end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + lease, worker)
local living = redis.call('ZRANGE', KEYS[1], 0, -1)
local rank = 0
for _, name in ipairs(living) do
  if name < worker then rank = rank + 1 end
end
-- By rank, so that all shares together are all partitions.
local partitions = #KEYS - 1
local share = math.floor(partitions / #living)
if rank < partitions % #living then share = share + 1 end

local renewed, taken, free = {}, {}, {}
for at = 2, #KEYS do
  if owners[at] == worker then
    redis.call('PEXPIRE', KEYS[at], lease)
    renewed[#renewed + 1] = at - 2
  elseif not owners[at] then
    free[#free + 1] = at
  end
end
for _, at in ipairs(free) do
  if #renewed + #taken >= share then break end
  redis.call('SET', KEYS[at], worker, 'PX', lease)
  taken[#taken + 1] = at - 2
end
return {share, renewed, taken}
