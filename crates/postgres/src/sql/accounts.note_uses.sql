UPDATE api_keys k
SET last_used_at = used.at
FROM (SELECT id, max(at) AS at FROM unnest($1::text[], $2::bigint[]) AS given (id, at) GROUP BY id) AS used
WHERE k.id = used.id AND coalesce(k.last_used_at < used.at, true)
