-- $2, $3: the starts and ends of stretches that are in order and apart. A session within
-- one of them is told by its bounds; only of the others the traces are read.
WITH near AS (
    SELECT s.no, s.first_trace_at, width_bucket(s.first_trace_at, $2::bigint[]) AS first, width_bucket(s.last_trace_at, $2) AS last
    FROM trace_sessions s
    WHERE s.project_no = $1 AND s.last_seen_at >= $4 AND s.first_trace_at < $5 AND ($6::bigint IS NULL OR s.user_no = $6)
), met (stretch) AS (
    SELECT first FROM near WHERE first = last AND first_trace_at < ($3::bigint[])[first]
    UNION ALL
    SELECT stretch FROM (
        SELECT DISTINCT near.no, t.stretch
        FROM near CROSS JOIN LATERAL (
            SELECT time, width_bucket(time, $2) AS stretch
            FROM traces WHERE project_no = $1 AND session_no = near.no AND time >= $4 AND time < $5 OFFSET 0
        ) t
        WHERE near.first <> near.last AND t.time < ($3::bigint[])[t.stretch]
    ) AS within
)
SELECT stretch, count(*) FROM met GROUP BY stretch
