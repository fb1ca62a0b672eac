SELECT p.no, p.id, w.name, p.name,
       (SELECT count(*) FROM project_sessions s WHERE s.project_no = p.no),
       (SELECT max(t.time) FROM project_traces t WHERE t.project_no = p.no)
FROM projects p JOIN workspaces w ON w.no = p.workspace_no
ORDER BY w.name, p.name
