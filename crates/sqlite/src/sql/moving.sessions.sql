SELECT no, project_no, external_id, owner_no, owner_time, first, last, created, measures, profile
FROM sessions
WHERE no > ?1
ORDER BY no
