SELECT count(*), count(*) FILTER (WHERE last_seen_at >= $2), count(*) FILTER (WHERE first_seen_at >= $2)
FROM tracked_user_totals
WHERE project_no = $1 AND external_id IS NOT NULL
