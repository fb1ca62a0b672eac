INSERT INTO projects (id, workspace_no, name, created_at, capture, time_zone)
SELECT $1, w.no, $2, $3, 'full', 'UTC'
FROM workspaces w
WHERE w.name = $4
ON CONFLICT (workspace_no, name) DO NOTHING
RETURNING no
