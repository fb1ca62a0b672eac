#!lua flags=allow-oom
-- Makes an entry a dead letter, or leaves all as it is.
-- KEYS: entries, dead, counts. ARGV: group, id, partition, reason, most dead, unreadable (0, 1).
-- Answers: 1 buried, 0 there is no such entry any more, -1 no room.
local stream, dead, id = KEYS[1], KEYS[2], ARGV[2]
local entry = redis.call('XRANGE', stream, id, id)[1]
if not entry then
  redis.call('XACK', stream, ARGV[1], id)
  return 0
end
if redis.call('XLEN', dead) >= tonumber(ARGV[5]) then return -1 end
local pending = redis.call('XPENDING', stream, ARGV[1], id, id, 1)[1]
-- What we know comes first: fields of the entry cannot take its place.
redis.call('XADD', dead, '*', 'entry', id, 'partition', ARGV[3], 'reason', ARGV[4],
  'attempts', pending and pending[4] or 0, unpack(entry[2]))
redis.call('XACK', stream, ARGV[1], id)
redis.call('XDEL', stream, id)
redis.call('HINCRBY', KEYS[3], 'buried', 1)
if ARGV[6] == '1' then redis.call('HINCRBY', KEYS[3], 'unreadable', 1) end
return 1
