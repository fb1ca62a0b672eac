SELECT user_no, external_id, first_seen_at, last_seen_at
FROM tracked_user_totals
WHERE project_no = $1 AND external_id IS NOT NULL AND last_seen_at >= $2 AND last_seen_at <= $3
  AND ($4::bigint[] IS NULL OR user_no IN (SELECT unnest($4::bigint[])))
