SELECT user_no, external_id, created_at, first_trace_at, last_trace_at, session_count, measures
FROM tracked_user_totals
WHERE project_no = $1 AND user_no = ANY ($2)
