SELECT project_no, model, effective_from, rates
FROM prices
WHERE (project_no, model, effective_from) > (?1, ?2, ?3)
ORDER BY project_no, model, effective_from
