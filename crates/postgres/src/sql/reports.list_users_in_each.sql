-- The user of each trace of a stretch; a row a stretch, since thousands of small rows would cost more to send than to find.
-- Numbers of users are above 0: said so, the index that holds both is read.
SELECT stretch.start, found.users
FROM unnest($2::bigint[], $3::bigint[]) AS stretch (start, stop)
CROSS JOIN LATERAL (
    SELECT array_agg(user_no) AS users FROM traces
    WHERE project_no = $1 AND time >= stretch.start AND time < stretch.stop AND user_no > 0
    OFFSET 0
) found
WHERE found.users IS NOT NULL
