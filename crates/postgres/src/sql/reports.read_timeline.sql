SELECT no, booked, state
FROM traces
WHERE project_no = $1 AND session_no = $2 AND time >= $3 AND (time > $3 OR id > $4)
ORDER BY time, id
LIMIT $5
