-- no transaction
-- The users of stretches of time are told from the index alone, for charts whose days cut those of UTC. Its condition
-- is one that looking up a user's traces does not imply: those are never to be sought among everybody's of a time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS traces_of_users_by_time ON traces (project_no, time) INCLUDE (user_no) WHERE user_no > 0;
-- An index answers alone where its table is tidy: these are tidied when a twentieth is new, not a fifth.
ALTER TABLE traces SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE trace_sessions SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
