SELECT p.id, w.name AS workspace, p.name, w.developer, p.retention_payload_days, p.capture, p.time_zone,
       p.max_spans_per_second, p.max_users, p.created_at,
       k.id AS key, k.scopes, k.expires_at, k.last_used_at
FROM api_keys k
JOIN projects p ON p.no = k.project_no
JOIN workspaces w ON w.no = p.workspace_no
WHERE k.hash = $1 AND k.revoked_at IS NULL AND coalesce(k.expires_at > $2, true) AND p.deleted_at IS NULL
