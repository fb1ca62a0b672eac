SELECT format(
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS tracked_users_by_search ON tracked_users USING gin (search_text %I.gin_trgm_ops)',
    n.nspname
)
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_trgm'
