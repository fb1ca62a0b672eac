-- created_by: as the audit log names who made it; NULL for keys from before. last_used_at: to the minute.
ALTER TABLE api_keys ADD COLUMN created_by text;
ALTER TABLE api_keys ADD COLUMN expires_at bigint;
ALTER TABLE api_keys ADD COLUMN last_used_at bigint;
