-- In this order: the eras are few.
SELECT u.models, CASE WHEN u.models IS NULL THEN (SELECT booked FROM traces WHERE no = u.trace_no) END
FROM trace_eras e
CROSS JOIN user_traces u ON u.era = e.era AND u.user_no = ?1 AND u.time >= ?2 AND u.time < ?3
WHERE e.latest >= ?2 AND e.earliest < ?3
