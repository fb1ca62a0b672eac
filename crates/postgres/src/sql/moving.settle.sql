-- An empty table's numbers begin at 1.
SELECT setval('ledger_numbers', $1, false),
       setval(pg_get_serial_sequence('projects', 'no'), greatest($2::bigint, 1), $2 > 0),
       setval(pg_get_serial_sequence('workspaces', 'no'), coalesce((SELECT max(no) FROM workspaces), 1), EXISTS (SELECT FROM workspaces)),
       setval(pg_get_serial_sequence('audit', 'no'), coalesce((SELECT max(no) FROM audit), 1), EXISTS (SELECT FROM audit))
