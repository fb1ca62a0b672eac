SELECT no, booked, state
FROM traces
WHERE project_no = $1 AND id = ANY ($2)
