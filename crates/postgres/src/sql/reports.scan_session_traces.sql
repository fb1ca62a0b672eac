-- OFFSET 0: looked up by session, of which there are few, never by joining all traces.
SELECT s.no, t.booked
FROM trace_sessions s CROSS JOIN LATERAL (
    SELECT booked FROM traces WHERE project_no = $1 AND session_no = s.no AND time >= $2 AND time < $3 OFFSET 0
) t
WHERE s.project_no = $1 AND s.last_seen_at >= $2 AND s.first_trace_at < $3 AND (s.first_trace_at < $2 OR s.last_trace_at >= $3)
