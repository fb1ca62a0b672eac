INSERT INTO tracked_users AS u
    (project_no, no, external_id, name, email, metadata, search_text, profile, created_at, updated_at, updated_by)
SELECT $1, n.no, n.external_id, n.name, n.email, n.metadata::json, n.search_text, n.profile, n.created_at,
       coalesce(n.updated_at, n.created_at), CASE WHEN n.updated_at IS NOT NULL THEN n.updated_by END
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bigint[], $10::bigint[], $11::text[])
     AS n (no, external_id, name, email, metadata, search_text, profile, created_at, updated_at, updated_by)
ON CONFLICT (project_no, no) DO UPDATE
SET name = excluded.name, email = excluded.email, metadata = excluded.metadata, search_text = excluded.search_text,
    profile = excluded.profile,
    updated_at = CASE WHEN excluded.updated_by IS NULL THEN u.updated_at ELSE excluded.updated_at END,
    updated_by = coalesce(excluded.updated_by, u.updated_by)
