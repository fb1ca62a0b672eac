SELECT asked.user_no FROM unnest($4::bigint[]) AS asked (user_no)
WHERE EXISTS (
    SELECT FROM traces t
    WHERE t.project_no = $1 AND t.user_no = asked.user_no AND t.time >= $2 AND t.time < $3 OFFSET 0
)
