SELECT no, user_no, owner_time, first_trace_at, last_trace_at, measures, profile
FROM trace_sessions
WHERE project_no = $1
