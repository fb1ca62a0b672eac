SELECT DISTINCT ON (session_no) session_no, user_no, time
FROM traces
WHERE project_no = $1 AND session_no = ANY ($2) AND user_no IS NOT NULL
ORDER BY session_no, time DESC, id DESC
