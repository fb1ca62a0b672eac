-- OFFSET 0 keeps the stretches outside: joined, a plan for any parameters reads all that a project has and filters.
SELECT t.time, t.booked
FROM unnest($2::bigint[], $3::bigint[]) AS stretch (start, stop)
CROSS JOIN LATERAL (
    SELECT time, booked FROM traces
    WHERE project_no = $1 AND time >= stretch.start AND time < stretch.stop
    OFFSET 0
) t
