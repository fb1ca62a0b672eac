SELECT user_no, first_trace_at, last_trace_at
FROM tracked_user_totals
WHERE project_no = $1 AND user_no = ANY ($2) AND external_id IS NOT NULL AND first_trace_at IS NOT NULL AND last_trace_at IS NOT NULL
