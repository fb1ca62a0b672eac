#!lua flags=allow-oom
-- Removes finished entries, from the group and the stream at once: one that were only
-- acknowledged would lie there for ever. A transaction would not do, a full server refuses it.
-- KEYS: entries…. ARGV: group, then for each stream a count and as many ids.
local at, done = 2, 0
for _, stream in ipairs(KEYS) do
  local last = at + tonumber(ARGV[at])
  redis.call('XACK', stream, ARGV[1], unpack(ARGV, at + 1, last))
  done = done + redis.call('XDEL', stream, unpack(ARGV, at + 1, last))
  at = last + 1
end
return done
