INSERT INTO meta (key, bytes)
VALUES ('install_secret', $1), ('moving', $2)
ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes
