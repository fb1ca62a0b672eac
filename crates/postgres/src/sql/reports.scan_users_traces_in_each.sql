-- OFFSET 0 keeps the stretches outside: joined, a plan for any parameters reads all that a user has and filters.
SELECT wanted.user_no, t.time, t.booked
FROM unnest($3::bigint[], $4::bigint[]) AS stretch (start, stop)
CROSS JOIN unnest($2::bigint[]) AS wanted (user_no)
CROSS JOIN LATERAL (
    SELECT time, booked FROM traces
    WHERE project_no = $1 AND user_no = wanted.user_no AND time >= stretch.start AND time < stretch.stop
    OFFSET 0
) t
