#!lua flags=allow-oom
-- Fixes the queue's shape if it is new. KEYS: queue. ARGV: format, partitions.
redis.call('HSETNX', KEYS[1], 'format', ARGV[1])
redis.call('HSETNX', KEYS[1], 'partitions', ARGV[2])
return redis.call('HMGET', KEYS[1], 'format', 'partitions')
