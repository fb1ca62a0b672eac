UPDATE projects
SET deleted_at = $2, name = id
WHERE id = $1 AND deleted_at IS NULL
RETURNING no, last_arrival
