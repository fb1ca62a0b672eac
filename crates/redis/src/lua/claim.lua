#!lua flags=allow-oom
-- Takes over pending entries, within bounds.
-- KEYS: lease, entries. ARGV: worker, group, most bytes, spans, id….
-- Answers: how many ids were looked at (-1: the partition is lost), {id, fields}….
local worker, group = ARGV[1], ARGV[2]
local bytes_left, spans_left = tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('GET', KEYS[1]) ~= worker then return {-1, {}} end
local seen, taken = 0, {}
for i = 5, #ARGV do
  if bytes_left <= 0 or spans_left <= 0 then break end
  seen = seen + 1
  -- Nothing, if it was acknowledged meanwhile.
  local got = redis.call('XCLAIM', KEYS[2], group, worker, 0, ARGV[i])
  local entry = got[1]
  if entry and entry[2] then
    local fields = entry[2]
    for j = 1, #fields, 2 do
      bytes_left = bytes_left - #fields[j + 1]
      if fields[j] == 'n' then spans_left = spans_left - (tonumber(fields[j + 1]) or 0) end
    end
    taken[#taken + 1] = {entry[1], fields}
  end
end
return {seen, taken}
