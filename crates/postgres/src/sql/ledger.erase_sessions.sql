UPDATE trace_sessions s
SET external_id = n.external_id, profile = $4
FROM unnest($2::bigint[], $3::text[]) AS n (no, external_id)
WHERE s.project_no = $1 AND s.no = n.no
