#!lua flags=allow-oom
-- Takes new entries of the partitions that the worker still holds, within bounds.
-- KEYS: lease, entries, lease, entries, …. ARGV: worker, group, most entries, bytes, spans.
-- Answers: indexes of lost partitions, {index, id, fields}….
local worker, group = ARGV[1], ARGV[2]
local entries_left, bytes_left, spans_left =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local lost, taken = {}, {}
for at = 1, #KEYS, 2 do
  local index = (at - 1) / 2
  if redis.call('GET', KEYS[at]) ~= worker then
    lost[#lost + 1] = index
  else
    while entries_left > 0 and bytes_left > 0 and spans_left > 0 do
      local got = redis.call('XREADGROUP', 'GROUP', group, worker, 'COUNT', 1,
        'STREAMS', KEYS[at + 1], '>')
      local entry = got and got[1] and got[1][2][1]
      if not entry then break end
      local fields = entry[2]
      for i = 1, #fields, 2 do
        bytes_left = bytes_left - #fields[i + 1]
        if fields[i] == 'n' then spans_left = spans_left - (tonumber(fields[i + 1]) or 0) end
      end
      entries_left = entries_left - 1
      taken[#taken + 1] = {index, entry[1], fields}
    end
  end
end
return {lost, taken}
