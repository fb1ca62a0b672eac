-- 0: before the first edge. The last: who was erased, or is nobody, and has sums without being counted.
SELECT width_bucket(first_seen_at, $2::bigint[]), count(external_id), coalesce(array_agg(user_no) FILTER (WHERE external_id IS NULL), '{}')
FROM tracked_user_totals
WHERE project_no = $1
GROUP BY 1
