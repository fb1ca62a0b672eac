INSERT INTO audit (at, project_no, workspace_no, actor, action, detail)
VALUES ($1, $2, (SELECT workspace_no FROM projects WHERE no = $2), $3, $4, $5)
