DELETE FROM user_days d
USING unnest($2::bigint[], $3::bigint[]) AS n (day, band)
WHERE d.project_no = $1 AND d.day = n.day AND d.band = n.band
