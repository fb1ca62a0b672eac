SELECT t.user_no, t.external_id, t.measures, u.profile
FROM tracked_user_totals t JOIN tracked_users u ON u.project_no = t.project_no AND u.no = t.user_no
WHERE t.project_no = $1 AND t.external_id IS NOT NULL AND t.cost_nanos > 0
ORDER BY t.cost_nanos DESC, t.external_id
LIMIT 5
