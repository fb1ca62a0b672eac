SELECT no, id, max_users, retention_payload_days, prices_version,
       EXISTS (SELECT FROM suppressions s WHERE s.project_no = p.no) AS has_suppressions
FROM projects p
WHERE id = ANY ($1) AND deleted_at IS NULL
ORDER BY no
FOR NO KEY UPDATE
