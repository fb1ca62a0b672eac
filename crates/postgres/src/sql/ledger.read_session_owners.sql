SELECT n.session_no, latest.user_no, latest.time
FROM unnest($2::bigint[]) AS n (session_no)
CROSS JOIN LATERAL (
    SELECT t.user_no, t.time
    FROM traces t
    WHERE t.project_no = $1 AND t.session_no = n.session_no AND t.user_no IS NOT NULL
    ORDER BY t.time DESC, t.id DESC
    LIMIT 1
) AS latest
