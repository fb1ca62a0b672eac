-- A row a day, since thousands of small rows would cost more to send than to find. OFFSET 0: each
-- day is gathered by itself, so that no more than one is held at a time.
SELECT gathered.bands, gathered.lengths, gathered.sums, listed.day
FROM generate_series($2::bigint, $3::bigint - 1) AS listed (day)
CROSS JOIN LATERAL (
    SELECT array_agg(band) AS bands, array_agg(length(sums)) AS lengths, string_agg(sums, '') AS sums
    FROM user_days WHERE project_no = $1 AND day = listed.day OFFSET 0
) gathered
WHERE gathered.bands IS NOT NULL
