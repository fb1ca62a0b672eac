SELECT p.no, p.id, p.workspace_no, p.name, p.created, p.retention_payload_days, p.capture, p.time_zone,
       p.max_spans_per_second, p.max_users, m.value
FROM projects p LEFT JOIN meta m ON m.key = 'retained_' || p.no
WHERE p.no > ?1
ORDER BY p.no
