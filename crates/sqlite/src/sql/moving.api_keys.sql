SELECT id, project_no, hash, prefix, name, scopes, created, revoked
FROM api_keys
WHERE id > ?1
ORDER BY id
