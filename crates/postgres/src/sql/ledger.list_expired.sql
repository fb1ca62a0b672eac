SELECT t.time, t.no, EXISTS (SELECT FROM payloads p WHERE p.project_no = t.project_no AND p.trace_no = t.no)
FROM traces t
WHERE t.project_no = $1 AND t.time >= $2 AND t.time < $3
ORDER BY t.time
LIMIT $4
