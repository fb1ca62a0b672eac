UPDATE tracked_users
SET name = $3, email = $4, metadata = $5::text::json, search_text = $6, profile = $7, updated_at = $8, updated_by = $9
WHERE project_no = $1 AND no = $2
