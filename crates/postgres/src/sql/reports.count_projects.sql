-- Totals have a row for every living user, for every tombstone and for nobody.
SELECT p.id, w.name, p.name,
       coalesce(t.users, 0), coalesce(t.sessions, 0)::bigint, coalesce(t.traces, 0)::bigint, coalesce(t.spans, 0)::bigint,
       (SELECT max(r.time) FROM traces r WHERE r.project_no = p.no)
FROM projects p
JOIN workspaces w ON w.no = p.workspace_no
LEFT JOIN (
    SELECT project_no, count(external_id) AS users, sum(session_count) AS sessions, sum(trace_count) AS traces, sum(span_count) AS spans
    FROM tracked_user_totals GROUP BY project_no
) t ON t.project_no = p.no
WHERE p.deleted_at IS NULL
ORDER BY w.name, p.name
