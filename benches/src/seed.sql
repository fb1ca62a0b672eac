CREATE SCHEMA seed;
SET search_path = seed;
CREATE TABLE tracked_users (
    id bigserial PRIMARY KEY, project_id bigint NOT NULL DEFAULT 1, external_id text NOT NULL, name text, email text, metadata jsonb,
    first_seen_at timestamptz NOT NULL DEFAULT now(), last_seen_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (project_id, external_id)
);
CREATE INDEX ON tracked_users (project_id, last_seen_at DESC);
CREATE INDEX ON tracked_users (project_id, email);
CREATE TABLE trace_sessions (
    id bigserial PRIMARY KEY, project_id bigint NOT NULL DEFAULT 1, external_id text NOT NULL,
    user_id bigint REFERENCES tracked_users ON DELETE SET NULL, name text, metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (project_id, external_id)
);
CREATE INDEX ON trace_sessions (project_id, created_at DESC);
CREATE INDEX ON trace_sessions (user_id);
CREATE TABLE traces (
    id bigserial PRIMARY KEY, project_id bigint NOT NULL DEFAULT 1, external_id text NOT NULL UNIQUE,
    session_id bigint REFERENCES trace_sessions ON DELETE SET NULL, user_id bigint REFERENCES tracked_users ON DELETE SET NULL,
    name text NOT NULL, timestamp timestamptz NOT NULL DEFAULT now(), metadata jsonb
);
CREATE INDEX ON traces (project_id, timestamp DESC);
CREATE INDEX ON traces (session_id);
CREATE INDEX ON traces (user_id);
CREATE TABLE spans (
    id bigserial PRIMARY KEY, trace_id bigint NOT NULL REFERENCES traces ON DELETE CASCADE, name text, model text, level text,
    started timestamptz, ended timestamptz, total_tokens int, total_cost numeric, input jsonb, output jsonb
);
CREATE INDEX ON spans (trace_id);
