-- A count cannot be joined otherwise than by looking each stretch up; the index holds all that is asked.
SELECT wanted.user_no, stretch.start, found.count
FROM unnest($3::bigint[], $4::bigint[]) AS stretch (start, stop)
CROSS JOIN unnest($2::bigint[]) AS wanted (user_no)
CROSS JOIN LATERAL (
    SELECT count(*) FROM traces
    WHERE project_no = $1 AND user_no = wanted.user_no AND time >= stretch.start AND time < stretch.stop
) found
WHERE found.count > 0
