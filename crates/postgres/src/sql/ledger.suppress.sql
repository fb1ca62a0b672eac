INSERT INTO suppressions (project_no, external_hash, user_no, at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (project_no, external_hash) DO UPDATE SET user_no = excluded.user_no, at = excluded.at
