SELECT no, project_no, user_no, session_no, time, levels, latency, payload_no, booked, state
FROM traces
WHERE no > ?1
ORDER BY no
