UPDATE projects
SET retention_payload_days = $2, capture = $3, time_zone = $4, max_spans_per_second = $5, max_users = $6
WHERE id = $1 AND deleted_at IS NULL
RETURNING no
