INSERT INTO api_keys (id, project_no, hash, prefix, name, scopes, created_at, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
