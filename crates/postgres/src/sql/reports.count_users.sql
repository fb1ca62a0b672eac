-- Who has traces before and after the period alone is looked for among the traces.
SELECT count(*),
       count(*) FILTER (
           WHERE first_trace_at >= $2 AND first_trace_at < $3
              OR last_trace_at >= $2 AND last_trace_at < $3
              OR first_trace_at < $2 AND last_trace_at >= $3 AND EXISTS (
                  SELECT FROM traces t
                  WHERE t.project_no = $1 AND t.user_no = u.user_no AND t.time >= $2 AND t.time < $3
              )
       ),
       count(*) FILTER (WHERE first_seen_at >= $2 AND first_seen_at < $3)
FROM tracked_user_totals u
WHERE u.project_no = $1 AND u.external_id IS NOT NULL
