SELECT project_no, external_hash, user_no, at
FROM suppressions
WHERE (project_no, external_hash) > (?1, ?2)
ORDER BY project_no, external_hash
