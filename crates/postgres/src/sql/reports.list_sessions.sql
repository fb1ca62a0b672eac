-- Picked in the order of the index, ties and all: a plan for any parameters takes the sessions for few and sorts them.
WITH page AS MATERIALIZED (
    SELECT no, external_id, user_no, first_trace_at, last_trace_at, created_at, last_seen_at, measures, profile
    FROM trace_sessions
    WHERE project_no = $1 AND last_seen_at >= $2 AND last_seen_at < $3 AND last_seen_at <= $4 AND (last_seen_at < $4 OR external_id > $5)
    ORDER BY last_seen_at DESC
    FETCH FIRST $6 ROWS WITH TIES
)
SELECT s.no, s.external_id, s.user_no, u.external_id, s.first_trace_at, s.last_trace_at, s.created_at, s.last_seen_at, s.measures, s.profile
FROM page s LEFT JOIN tracked_users u ON u.project_no = $1 AND u.no = s.user_no
ORDER BY s.last_seen_at DESC, s.external_id
LIMIT $6
