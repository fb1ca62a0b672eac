SELECT t.time, t.booked
FROM unnest($2::bigint[], $3::bigint[]) AS stretch (start, stop)
JOIN traces t ON t.project_no = $1 AND t.time >= stretch.start AND t.time < stretch.stop
