INSERT OR IGNORE INTO api_keys (id, project_no, hash, prefix, name, scopes, created, created_by, expires)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
