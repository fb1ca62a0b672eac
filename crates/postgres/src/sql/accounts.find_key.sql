SELECT k.id, p.id AS project, k.name, k.prefix, k.scopes, k.created_at, k.revoked_at
FROM api_keys k JOIN projects p ON p.no = k.project_no
WHERE k.id = $1
