-- In this order: the eras are few.
SELECT t.booked
FROM trace_eras e
CROSS JOIN user_traces u ON u.era = e.era AND u.user_no = ?1 AND u.time >= ?2 AND u.time < ?3
CROSS JOIN traces t ON t.no = u.trace_no
WHERE e.latest >= ?2 AND e.earliest < ?3
