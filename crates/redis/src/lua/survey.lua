#!lua flags=no-writes
-- How the queue does. KEYS: workers, dead, counts, then lease, entries of each partition.
-- ARGV: group. Answers: now (ms), workers, dead, counts as pairs,
-- {depth, pending, oldest id, lease} of each partition.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local partitions = {}
for at = 4, #KEYS, 2 do
  local depth = redis.call('XLEN', KEYS[at + 1])
  local pending, oldest = 0, ''
  if depth > 0 then
    local summary = redis.pcall('XPENDING', KEYS[at + 1], ARGV[1])
    if not summary.err then pending = summary[1] end
    if pending > 0 then
      -- What was delivered is older than what was not.
      oldest = summary[2]
    else
      oldest = redis.call('XRANGE', KEYS[at + 1], '-', '+', 'COUNT', 1)[1][1]
    end
  end
  partitions[#partitions + 1] = {depth, pending, oldest, redis.call('GET', KEYS[at])}
end
return {
  now,
  redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf'),
  redis.call('XLEN', KEYS[2]),
  redis.call('HGETALL', KEYS[3]),
  partitions,
}
