-- Sessions that reach out of the period are summed from their traces in it.
SELECT s.no, s.external_id, s.measures, s.first_trace_at < $2 OR s.last_trace_at >= $3
FROM trace_sessions s
WHERE s.project_no = $1 AND s.last_seen_at >= $2 AND s.first_trace_at < $3
