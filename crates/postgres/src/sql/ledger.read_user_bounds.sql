SELECT user_no, min(time), max(time)
FROM traces
WHERE project_no = $1 AND user_no = ANY ($2)
GROUP BY user_no
