INSERT INTO traces (project_no, no, id, user_no, session_no, time, levels, latency_micros, booked, state)
SELECT $1, *
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::bigint[], $9::bytea[], $10::bytea[])
