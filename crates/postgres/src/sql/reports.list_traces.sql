SELECT no, booked, state
FROM traces
WHERE project_no = $1 AND time >= $2 AND time < $3 AND time <= $4 AND (time < $4 OR id > $5)
  AND ($6::integer = 0 OR levels & $6 <> 0) AND ($7::bigint IS NULL OR latency_micros >= $7)
ORDER BY time DESC, id
LIMIT $8
