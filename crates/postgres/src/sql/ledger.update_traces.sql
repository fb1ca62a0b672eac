UPDATE traces t
SET id = n.id, user_no = n.user_no, session_no = n.session_no, time = n.time, levels = n.levels,
    latency_micros = n.latency_micros, booked = n.booked, state = n.state
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::bigint[], $9::bytea[], $10::bytea[])
     AS n (no, id, user_no, session_no, time, levels, latency_micros, booked, state)
WHERE t.project_no = $1 AND t.no = n.no
