WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.last_seen_at >= $2 AND t.last_seen_at <= $3
  AND ($4::bigint[] IS NULL OR t.user_no IN (SELECT unnest($4::bigint[])))
