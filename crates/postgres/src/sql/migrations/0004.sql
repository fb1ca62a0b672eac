-- no transaction
-- Sessions of users are counted from the index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS trace_sessions_by_owner ON trace_sessions (project_no, user_no, last_seen_at DESC, no) INCLUDE (first_trace_at);
DROP INDEX CONCURRENTLY IF EXISTS trace_sessions_by_user;
