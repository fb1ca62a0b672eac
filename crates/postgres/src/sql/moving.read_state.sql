SELECT (SELECT bytes FROM meta WHERE key = 'moving') AS mark,
       (SELECT bytes FROM meta WHERE key = 'install_secret') AS secret,
       EXISTS (SELECT FROM workspaces) OR EXISTS (SELECT FROM accounts) OR EXISTS (SELECT FROM projects) OR EXISTS (SELECT FROM audit) AS is_used,
       EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = current_setting('application_name')
                 AND pid <> pg_backend_pid()) AS has_others
