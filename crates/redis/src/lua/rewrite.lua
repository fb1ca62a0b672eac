#!lua flags=allow-oom
-- Puts less in the place of a dead letter, or nothing. KEYS: dead. ARGV: id, (name, value)….
-- Answers: 1, or 0 if there is no such letter any more.
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if #ARGV > 1 then redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2)) end
return 1
