SELECT t.user_no, t.time, t.booked
FROM unnest($3::bigint[], $4::bigint[]) AS stretch (start, stop)
JOIN traces t ON t.project_no = $1 AND t.user_no = ANY ($2) AND t.time >= stretch.start AND t.time < stretch.stop
