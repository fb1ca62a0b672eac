SELECT k.id, p.id AS project, k.name, k.prefix, k.scopes, k.created_at,
       k.created_by, k.expires_at, k.last_used_at, k.revoked_at
FROM api_keys k JOIN projects p ON p.no = k.project_no
WHERE p.id = $1 AND p.deleted_at IS NULL
ORDER BY k.created_at DESC, k.id
