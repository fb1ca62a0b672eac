-- The last: who has traces before and after the period, and perhaps within.
SELECT count(*),
       count(*) FILTER (WHERE first_trace_at >= $2 AND first_trace_at < $3 OR last_trace_at >= $2 AND last_trace_at < $3),
       count(*) FILTER (WHERE first_seen_at >= $2 AND first_seen_at < $3),
       coalesce(array_agg(user_no) FILTER (WHERE first_trace_at < $2 AND last_trace_at >= $3), '{}')
FROM tracked_user_totals
WHERE project_no = $1 AND external_id IS NOT NULL
