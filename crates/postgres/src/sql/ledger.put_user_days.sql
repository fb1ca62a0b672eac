INSERT INTO user_days (project_no, day, band, sums)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])
ON CONFLICT (project_no, day, band) DO UPDATE SET sums = excluded.sums
