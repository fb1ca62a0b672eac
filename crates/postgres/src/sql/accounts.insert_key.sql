INSERT INTO api_keys (id, project_no, hash, prefix, name, scopes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
