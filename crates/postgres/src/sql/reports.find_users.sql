SELECT no, external_id, profile
FROM tracked_users
WHERE project_no = $1 AND state = 0 AND ($2::text IS NULL OR search_text LIKE $2)
  AND NOT EXISTS (
      SELECT FROM unnest($3::text[], $4::text[]) AS wanted (plain, quoted)
      WHERE strpos(metadata::text, plain) = 0 AND strpos(metadata::text, quoted) = 0 AND strpos(metadata::text, '\') = 0)
