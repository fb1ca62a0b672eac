SELECT no, retention_payload_days, payloads_removed_to
FROM projects
WHERE retention_payload_days IS NOT NULL AND deleted_at IS NULL
ORDER BY no
FOR NO KEY UPDATE
