DELETE FROM model_quarters q
USING unnest($2::bigint[], $3::bigint[]) AS n (quarter, model_no)
WHERE q.project_no = $1 AND q.quarter = n.quarter AND q.model_no = n.model_no
