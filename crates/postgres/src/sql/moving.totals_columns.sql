tracked_user_totals
    (project_no, user_no, external_id, created_at, first_trace_at, last_trace_at, session_count, trace_count,
     error_trace_count, span_count, error_count, total_tokens, cost_nanos, ended_span_count, span_latency_micros, measures)
