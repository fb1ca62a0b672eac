SELECT t.user_no, t.external_id, t.first_seen_at, t.last_seen_at, t.first_trace_at, t.last_trace_at,
       t.session_count, t.measures, u.profile, u.created_at, u.updated_at
FROM tracked_user_totals t JOIN tracked_users u ON u.project_no = t.project_no AND u.no = t.user_no
