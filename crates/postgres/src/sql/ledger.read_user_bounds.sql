SELECT n.user_no,
       (SELECT t.time FROM traces t WHERE t.project_no = $1 AND t.user_no = n.user_no ORDER BY t.time LIMIT 1),
       (SELECT t.time FROM traces t WHERE t.project_no = $1 AND t.user_no = n.user_no ORDER BY t.time DESC LIMIT 1)
FROM unnest($2::bigint[]) AS n (user_no)
