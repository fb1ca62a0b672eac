-- Picked in the order of the index, ties and all: a plan for any parameters takes them for few and sorts them.
WITH page AS MATERIALIZED (
    SELECT no, booked, state, time, id
    FROM traces
    WHERE project_no = $1 AND time >= $2 AND time < $3 AND time <= $4 AND (time < $4 OR id > $5)
      AND ($6::integer = 0 OR levels & $6 <> 0) AND ($7::bigint IS NULL OR latency_micros >= $7)
      AND ($9::bigint IS NULL OR user_no = $9) AND session_no = $10
    ORDER BY time DESC
    FETCH FIRST $8 ROWS WITH TIES
)
SELECT no, booked, state FROM page ORDER BY time DESC, id LIMIT $8
