INSERT INTO tracked_user_totals
    (project_no, user_no, external_id, created_at, first_trace_at, last_trace_at, session_count, trace_count,
     error_trace_count, span_count, error_count, total_tokens, cost_nanos, ended_span_count, span_latency_micros, measures)
SELECT $1, user_no, external_id, created_at, first_trace_at, last_trace_at, session_count, trace_count,
       error_trace_count, span_count, error_count, total_tokens, cost_nanos::numeric, ended_span_count, span_latency_micros::numeric, measures
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[], $16::bytea[])
     AS n (user_no, external_id, created_at, first_trace_at, last_trace_at, session_count, trace_count,
           error_trace_count, span_count, error_count, total_tokens, cost_nanos, ended_span_count, span_latency_micros, measures)
ON CONFLICT (project_no, user_no) DO UPDATE
SET first_trace_at = excluded.first_trace_at, last_trace_at = excluded.last_trace_at, session_count = excluded.session_count,
    trace_count = excluded.trace_count, error_trace_count = excluded.error_trace_count, span_count = excluded.span_count,
    error_count = excluded.error_count, total_tokens = excluded.total_tokens, cost_nanos = excluded.cost_nanos,
    ended_span_count = excluded.ended_span_count, span_latency_micros = excluded.span_latency_micros, measures = excluded.measures
