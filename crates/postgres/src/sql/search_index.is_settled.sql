SELECT NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')
    OR EXISTS (
        SELECT FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indisvalid AND n.nspname = current_schema() AND c.relname = 'tracked_users_by_search'
    )
