SELECT no, id, user_no, session_no, time, levels, latency_micros, booked, state
FROM traces
WHERE project_no = $1 AND time >= $2 AND time < $3
