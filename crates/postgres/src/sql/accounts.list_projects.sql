SELECT p.id, w.name AS workspace, p.name, w.developer, p.retention_payload_days, p.capture, p.time_zone,
       p.max_spans_per_second, p.max_users, p.created_at
FROM projects p JOIN workspaces w ON w.no = p.workspace_no
WHERE p.deleted_at IS NULL
ORDER BY w.name, p.name
