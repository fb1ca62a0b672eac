SELECT session_no, min(time), max(time)
FROM traces
WHERE project_no = $1 AND session_no = ANY ($2)
GROUP BY session_no
