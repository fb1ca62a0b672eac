JOIN tracked_users u ON u.project_no = t.project_no AND u.no = t.user_no
WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.last_seen_at >= $2 AND t.last_seen_at <= $3
  AND u.search_text LIKE $4
