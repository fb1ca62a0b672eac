SELECT project_no, day, band, sums
FROM user_days
WHERE (project_no, day, band) > (?1, ?2, ?3)
ORDER BY project_no, day, band
