JOIN tracked_users u ON u.project_no = t.project_no AND u.no = t.user_no
WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.last_seen_at >= $2 AND t.last_seen_at <= $3
  AND u.search_text LIKE $4
  AND (NOT $8::boolean
       OR t.last_trace_at >= $9 AND t.last_trace_at < $10
       OR t.first_trace_at >= $9 AND t.first_trace_at < $10
       -- Around the period. OFFSET 0: each is asked alone, or all traces of the period may be read.
       OR t.first_trace_at < $9 AND t.last_trace_at >= $10 AND EXISTS (
           SELECT FROM traces WHERE project_no = $1 AND user_no = t.user_no AND time >= $9 AND time < $10 OFFSET 0))
