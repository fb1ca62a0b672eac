#!lua flags=no-writes
-- A page of dead letters, their bodies as sizes. KEYS: dead. ARGV: first id, count.
-- Answers: {id, entry, partition, reason, attempts, p, t, n, bytes}….
local page = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
local letters = {}
for i, letter in ipairs(page) do
  local known, bytes = {}, 0
  for j = 1, #letter[2], 2 do
    local name, value = letter[2][j], letter[2][j + 1]
    if j > 8 then bytes = bytes + #value end
    known[name] = known[name] or value
  end
  letters[i] = {letter[1], known.entry or '', known.partition or '', known.reason or '',
    known.attempts or '', known.p or false, known.t or '', known.n or '', bytes}
end
return letters
