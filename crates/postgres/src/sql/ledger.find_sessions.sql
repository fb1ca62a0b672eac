SELECT no, external_id, coalesce(user_no, 0) AS owner_no, owner_time, first_trace_at, last_trace_at, created_at, measures, profile
FROM trace_sessions
WHERE project_no = $1 AND external_id = ANY ($2)
