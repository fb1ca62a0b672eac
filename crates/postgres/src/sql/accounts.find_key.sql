SELECT k.id, p.id AS project, k.name, k.prefix, k.scopes, k.created_at,
       k.created_by, k.expires_at, k.last_used_at, k.revoked_at
FROM api_keys k JOIN projects p ON p.no = k.project_no
WHERE k.id = $1
