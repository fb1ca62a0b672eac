#!lua flags=allow-oom
-- Makes streams and groups that are not there yet, and forgets workers that are done.
-- KEYS: entries…. ARGV: group, worker.
for _, stream in ipairs(KEYS) do
  local made = redis.pcall('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
  end
  for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', stream, ARGV[1])) do
    local known = {}
    for i = 1, #row, 2 do known[row[i]] = row[i + 1] end
    -- Forgetting one with pending entries would lose them.
    if known.pending == 0 and known.name ~= ARGV[2] then
      redis.call('XGROUP', 'DELCONSUMER', stream, ARGV[1], known.name)
    end
  end
end
return redis.status_reply('OK')
