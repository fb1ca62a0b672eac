TRUNCATE tracked_users, trace_sessions, traces, spans;
INSERT INTO tracked_users (id, external_id, last_seen_at)
SELECT n, 'user-' || n, now() - n * interval '1 minute' FROM generate_series(1, :users) n;
INSERT INTO trace_sessions (id, external_id, user_id)
SELECT n, 'session-' || n, 1 + n % :users FROM generate_series(1, :traces / 4) n;
-- Users follow the power law of the traffic: the first ones have most.
INSERT INTO traces (id, external_id, session_id, user_id, name)
SELECT n, 'trace-' || n, 1 + n / 4 % (:traces / 4), least(:users, floor(power(:users, random()))::bigint), 'answer question'
FROM generate_series(1, :traces) n;
INSERT INTO spans (trace_id, name, model, level, started, ended, total_tokens, total_cost)
SELECT 1 + n / 4, 'chat', 'gpt-4o', CASE WHEN n % 50 = 0 THEN 'ERROR' ELSE 'DEFAULT' END, now(), now() + interval '1 second', 1000, 0.001
FROM generate_series(0, :traces * 4 - 1) n;
ANALYZE tracked_users, trace_sessions, traces, spans;
