#!lua flags=no-writes
-- The newest entry of each stream, or ''. KEYS: entries….
local marks = {}
for i, stream in ipairs(KEYS) do
  local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  marks[i] = last and last[1] or ''
end
return marks
