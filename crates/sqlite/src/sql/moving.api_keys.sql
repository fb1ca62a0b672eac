SELECT id, project_no, hash, prefix, name, scopes, created, created_by, expires, last_used, revoked
FROM api_keys
WHERE id > ?1
ORDER BY id
