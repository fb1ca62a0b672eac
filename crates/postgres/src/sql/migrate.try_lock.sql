SELECT pg_try_advisory_lock(hashtextextended('cognobserve migrations of ' || current_schema(), 0))
