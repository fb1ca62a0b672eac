SELECT user_no, external_id
FROM tracked_user_totals
WHERE project_no = $1 AND external_id IS NOT NULL AND last_seen_at >= $2 AND last_seen_at <= $3
