SELECT current_setting('server_version_num')::bigint AS number,
       current_setting('server_version') AS version,
       current_schema()::text AS schema,
       to_regclass(quote_ident(current_schema()) || '.schema_migrations') IS NOT NULL AS is_made
