SELECT s.no, s.external_id, s.user_no, u.external_id, s.first_trace_at, s.last_trace_at, s.created_at, s.last_seen_at, s.measures, s.profile
FROM trace_sessions s LEFT JOIN tracked_users u ON u.project_no = s.project_no AND u.no = s.user_no
WHERE s.project_no = $1 AND s.last_seen_at >= $2 AND s.last_seen_at < $3 AND s.last_seen_at <= $4 AND (s.last_seen_at < $4 OR s.external_id > $5)
ORDER BY s.last_seen_at DESC, s.external_id
LIMIT $6
