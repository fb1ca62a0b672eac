#!lua flags=allow-oom
-- Ends a worker. KEYS: workers, lease…. ARGV: worker.
for at = 2, #KEYS do
  if redis.call('GET', KEYS[at]) == ARGV[1] then redis.call('DEL', KEYS[at]) end
end
return redis.call('ZREM', KEYS[1], ARGV[1])
