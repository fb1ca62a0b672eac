-- 0: before the first edge.
SELECT width_bucket(first_seen_at, $2::bigint[]), count(*)
FROM tracked_user_totals
WHERE project_no = $1 AND external_id IS NOT NULL
GROUP BY 1
