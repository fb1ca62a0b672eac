#!lua
-- Queues dead letters again; fails as a whole where a push would fail.
-- KEYS: dead, counts, entries…. ARGV: id….
local done = 0
for _, id in ipairs(ARGV) do
  local letter = redis.call('XRANGE', KEYS[1], id, id)[1]
  if letter then
    local partition
    local fields = {}
    for i = 1, #letter[2], 2 do
      if i > 8 then
        fields[#fields + 1] = letter[2][i]
        fields[#fields + 1] = letter[2][i + 1]
      elseif letter[2][i] == 'partition' then
        partition = tonumber(letter[2][i + 1])
      end
    end
    redis.call('XADD', KEYS[partition + 3], '*', unpack(fields))
    redis.call('XDEL', KEYS[1], id)
    done = done + 1
  end
end
if done > 0 then redis.call('HINCRBY', KEYS[2], 'replayed', done) end
return done
