SELECT project_no, quarter, model_no, measures
FROM model_quarters
WHERE (project_no, quarter, model_no) > (?1, ?2, ?3)
ORDER BY project_no, quarter, model_no
