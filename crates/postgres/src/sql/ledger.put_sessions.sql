INSERT INTO trace_sessions
    (project_no, no, external_id, user_no, owner_time, first_trace_at, last_trace_at, created_at, measures, profile)
SELECT $1, *
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], $10::bytea[])
ON CONFLICT (project_no, no) DO UPDATE
SET external_id = excluded.external_id, user_no = excluded.user_no, owner_time = excluded.owner_time,
    first_trace_at = excluded.first_trace_at, last_trace_at = excluded.last_trace_at,
    measures = excluded.measures, profile = excluded.profile
