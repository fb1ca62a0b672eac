INSERT INTO project_quarters (project_no, quarter, measures)
SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])
ON CONFLICT (project_no, quarter) DO UPDATE SET measures = excluded.measures
