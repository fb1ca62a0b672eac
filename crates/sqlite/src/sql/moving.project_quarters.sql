SELECT project_no, quarter, measures
FROM project_quarters
WHERE (project_no, quarter) > (?1, ?2)
ORDER BY project_no, quarter
