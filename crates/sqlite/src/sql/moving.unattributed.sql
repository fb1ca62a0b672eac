SELECT p.no, t.first, t.last, t.sessions, t.measures
FROM projects p JOIN user_totals t ON t.project_no = p.no AND t.user_no = 0
WHERE p.no > ?1
ORDER BY p.no
