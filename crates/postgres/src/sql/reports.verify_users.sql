SELECT u.no, u.state, u.external_id, u.external_hash IS NOT NULL, u.name, u.email, u.metadata::text, u.search_text, u.profile, u.created_at,
       t.user_no, t.external_id, t.created_at, t.first_trace_at, t.last_trace_at, t.session_count, t.measures,
       t.trace_count, t.error_trace_count, t.span_count, t.error_count, t.total_tokens, t.ended_span_count,
       t.cost_nanos::text, t.span_latency_micros::text
FROM (SELECT * FROM tracked_users WHERE project_no = $1) u
FULL JOIN (SELECT * FROM tracked_user_totals WHERE project_no = $1) t ON t.user_no = u.no
