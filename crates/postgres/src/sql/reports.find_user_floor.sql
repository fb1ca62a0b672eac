SELECT time
FROM traces
WHERE project_no = $1 AND time >= $2 AND time < $3 AND user_no = $5
ORDER BY time DESC
OFFSET $4
LIMIT 1
