-- With traces, a session was last seen at its last one. The index holds all that is asked.
SELECT s.user_no, count(*)
FROM trace_sessions s
WHERE s.project_no = $1 AND s.user_no = ANY ($4) AND s.last_seen_at >= $2 AND s.first_trace_at < $3
  AND (s.first_trace_at >= $2 OR s.last_seen_at < $3
       OR (SELECT true FROM traces t WHERE t.project_no = $1 AND t.session_no = s.no AND t.time >= $2 AND t.time < $3 LIMIT 1))
GROUP BY s.user_no
