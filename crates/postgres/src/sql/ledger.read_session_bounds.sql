SELECT n.session_no,
       (SELECT t.time FROM traces t WHERE t.project_no = $1 AND t.session_no = n.session_no ORDER BY t.time LIMIT 1),
       (SELECT t.time FROM traces t WHERE t.project_no = $1 AND t.session_no = n.session_no ORDER BY t.time DESC LIMIT 1)
FROM unnest($2::bigint[]) AS n (session_no)
