SELECT q.quarter, q.model_no, q.measures
FROM unnest($2::bigint[], $3::bigint[]) AS n (quarter, model_no)
JOIN model_quarters q ON q.project_no = $1 AND q.quarter = n.quarter AND q.model_no = n.model_no
