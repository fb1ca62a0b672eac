INSERT INTO model_quarters (project_no, quarter, model_no, measures)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])
ON CONFLICT (project_no, quarter, model_no) DO UPDATE SET measures = excluded.measures
