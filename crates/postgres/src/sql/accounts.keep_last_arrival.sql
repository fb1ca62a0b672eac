INSERT INTO meta (key, number)
VALUES ('last_arrival', $1)
ON CONFLICT (key) DO UPDATE SET number = greatest(meta.number, excluded.number)
