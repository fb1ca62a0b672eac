SELECT p.id, w.name AS workspace, p.name, w.developer, p.retention_payload_days, p.capture, p.time_zone,
       p.max_spans_per_second, p.max_users, p.created_at
FROM projects p JOIN workspaces w ON w.no = p.workspace_no
WHERE (p.id = $1 OR p.name = $1) AND p.deleted_at IS NULL
ORDER BY p.id = $1 DESC, p.no
LIMIT 1
