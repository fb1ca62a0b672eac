SELECT u.no, u.project_no, u.state, u.external_id, u.external_hash, u.profile, u.created, u.updated, u.updated_by,
       t.first, t.last, t.sessions, t.measures
FROM users u LEFT JOIN user_totals t ON t.project_no = u.project_no AND t.user_no = u.no
WHERE u.no > ?1
ORDER BY u.no
