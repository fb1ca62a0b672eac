-- Times as in the rest of the table. created_by: as the audit log names who made it; NULL for keys
-- from before. last_used: to the minute.
ALTER TABLE api_keys ADD COLUMN created_by TEXT;
ALTER TABLE api_keys ADD COLUMN expires INTEGER;
ALTER TABLE api_keys ADD COLUMN last_used INTEGER;
