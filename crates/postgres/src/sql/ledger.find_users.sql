SELECT no, external_id, created_at, CASE WHEN external_id = ANY ($3) THEN profile END
FROM tracked_users
WHERE project_no = $1 AND external_id = ANY ($2)
