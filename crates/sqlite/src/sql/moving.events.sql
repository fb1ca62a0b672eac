SELECT position, project_no, id, developer, end_user, pseudonym, name, session, client_type, properties, at, arrived, awaited
FROM events
WHERE position > ?1
ORDER BY position
