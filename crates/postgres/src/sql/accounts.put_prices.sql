INSERT INTO prices (project_no, model, effective_from, rates)
SELECT $1, model, effective_from, rates
FROM unnest($2::text[], $3::bigint[], $4::text[]) AS put (model, effective_from, rates)
ON CONFLICT (project_no, model, effective_from) DO UPDATE SET rates = excluded.rates
