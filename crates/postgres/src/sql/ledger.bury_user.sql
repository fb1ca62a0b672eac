UPDATE tracked_users
SET state = $3, external_id = NULL, external_hash = $4, name = NULL, email = NULL, metadata = '{}', search_text = '',
    profile = $5, updated_at = $6, updated_by = NULL
WHERE project_no = $1 AND no = $2
