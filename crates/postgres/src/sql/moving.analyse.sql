ANALYZE meta, workspaces, projects, api_keys, prices, audit, accounts, members, tracked_users, tracked_user_totals, suppressions,
        models, trace_sessions, traces, payloads, user_days, project_quarters, model_quarters, events, event_drops, forgotten
