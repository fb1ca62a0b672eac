SELECT d.day, d.band, d.sums
FROM unnest($2::bigint[], $3::bigint[]) AS n (day, band)
JOIN user_days d ON d.project_no = $1 AND d.day = n.day AND d.band = n.band
