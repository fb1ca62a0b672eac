-- Format 1. Times are µs since 1970 UTC, money is nano-dollars; the measures blobs hold every
-- sum, plain columns repeat what lists are sorted by. `no` columns are the ledger's own
-- numbers from one sequence, never reused. Every table has project_no first, and every
-- reference names it, so that a row cannot point into another project.

-- install_secret: bytes. last_arrival: of deleted projects, so that arrivals never go back.
CREATE TABLE meta (key text COLLATE "C" PRIMARY KEY, number bigint, bytes bytea);

CREATE TABLE workspaces (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE,
    developer text NOT NULL, created_at bigint NOT NULL
);

-- prices_version: raised with every change of the overrides. last_arrival: of the deliveries
-- booked. payloads_removed_to: trace time up to which retention is done. deleted_at: its rows
-- are being removed. A transaction that books locks the rows of its projects, in order.
CREATE TABLE projects (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE,
    workspace_no bigint NOT NULL REFERENCES workspaces (no), name text COLLATE "C" NOT NULL, created_at bigint NOT NULL,
    retention_payload_days bigint, capture text NOT NULL, time_zone text NOT NULL,
    max_spans_per_second bigint, max_users bigint,
    prices_version bigint NOT NULL DEFAULT 0, last_arrival bigint NOT NULL DEFAULT 0,
    payloads_removed_to bigint, deleted_at bigint,
    UNIQUE (workspace_no, name)
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
    id text COLLATE "C" PRIMARY KEY, project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE,
    hash bytea NOT NULL UNIQUE, prefix text NOT NULL, name text NOT NULL, scopes text NOT NULL,
    created_at bigint NOT NULL, revoked_at bigint
);
CREATE INDEX api_keys_by_project ON api_keys (project_no, created_at DESC);

CREATE TABLE prices (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, model text COLLATE "C" NOT NULL,
    effective_from bigint NOT NULL, rates text NOT NULL, PRIMARY KEY (project_no, model, effective_from)
);

CREATE TABLE audit (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, project_no bigint,
    actor text NOT NULL, action text NOT NULL, detail text NOT NULL
);

-- Numbers are taken in blocks: each value is the first of a thousand.
CREATE SEQUENCE ledger_numbers AS bigint INCREMENT BY 1000 MINVALUE 1000;

-- state: 0 living, 1 unlinked, 2 erased. Dead rows keep only external_hash. profile is what
-- later deliveries merge into; name, email, metadata and search_text repeat it for readers.
CREATE TABLE tracked_users (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, no bigint NOT NULL,
    state smallint NOT NULL DEFAULT 0, external_id text COLLATE "C", external_hash text COLLATE "C",
    name text, email text, metadata json NOT NULL, search_text text COLLATE "C" NOT NULL, profile bytea NOT NULL,
    created_at bigint NOT NULL, updated_at bigint NOT NULL, updated_by text,
    PRIMARY KEY (project_no, no), UNIQUE (project_no, external_id)
);
CREATE INDEX tracked_users_by_email ON tracked_users (project_no, lower(email)) WHERE email IS NOT NULL;

-- One row per living user, per tombstone, and one (user_no 0, no external id) for what is
-- unattributed. Apart from the user, since it changes with every delivery.
CREATE TABLE tracked_user_totals (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, user_no bigint NOT NULL,
    external_id text COLLATE "C", created_at bigint NOT NULL, first_trace_at bigint, last_trace_at bigint,
    first_seen_at bigint NOT NULL GENERATED ALWAYS AS (coalesce(first_trace_at, created_at)) STORED,
    last_seen_at bigint NOT NULL GENERATED ALWAYS AS (coalesce(last_trace_at, created_at)) STORED,
    session_count bigint NOT NULL, trace_count bigint NOT NULL, error_trace_count bigint NOT NULL, span_count bigint NOT NULL,
    error_count bigint NOT NULL, total_tokens bigint NOT NULL, cost_nanos numeric NOT NULL,
    ended_span_count bigint NOT NULL, span_latency_micros numeric NOT NULL, measures bytea NOT NULL,
    PRIMARY KEY (project_no, user_no)
) WITH (fillfactor = 70);
CREATE INDEX tracked_user_totals_by_last_seen ON tracked_user_totals (project_no, last_seen_at DESC, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX tracked_user_totals_by_cost ON tracked_user_totals (project_no, cost_nanos DESC, external_id) WHERE external_id IS NOT NULL;

-- Erased external ids whose later data is to make no user.
CREATE TABLE suppressions (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, external_hash text COLLATE "C" NOT NULL,
    user_no bigint NOT NULL, at bigint NOT NULL, PRIMARY KEY (project_no, external_hash)
);

CREATE TABLE models (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, no bigint NOT NULL,
    name text COLLATE "C" NOT NULL, PRIMARY KEY (project_no, no), UNIQUE (project_no, name)
);

-- user_no: the user of the latest identified trace, and owner_time that trace's time.
CREATE TABLE trace_sessions (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, no bigint NOT NULL,
    external_id text COLLATE "C" NOT NULL, user_no bigint, owner_time bigint, first_trace_at bigint, last_trace_at bigint,
    created_at bigint NOT NULL, last_seen_at bigint NOT NULL GENERATED ALWAYS AS (coalesce(last_trace_at, created_at)) STORED,
    measures bytea NOT NULL, profile bytea NOT NULL,
    PRIMARY KEY (project_no, no), UNIQUE (project_no, external_id)
) WITH (fillfactor = 70);
CREATE INDEX trace_sessions_by_created ON trace_sessions (project_no, created_at DESC);
CREATE INDEX trace_sessions_by_last_seen ON trace_sessions (project_no, last_seen_at DESC, no);
CREATE INDEX trace_sessions_by_user ON trace_sessions (project_no, user_no, last_seen_at DESC, no);

-- id: the client's, or its pseudonym once erased. booked: the facts as they stand in the
-- rollups. state: the merged spans.
CREATE TABLE traces (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, no bigint NOT NULL, id text COLLATE "C" NOT NULL,
    user_no bigint, session_no bigint, time bigint NOT NULL, levels smallint NOT NULL, latency_micros bigint,
    booked bytea NOT NULL, state bytea NOT NULL,
    PRIMARY KEY (project_no, no), UNIQUE (project_no, id)
);
-- A server may be built without lz4; then its own method will do.
DO $$ BEGIN
    ALTER TABLE traces ALTER COLUMN state SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
CREATE INDEX traces_by_time ON traces (project_no, time DESC, no);
CREATE INDEX traces_by_user ON traces (project_no, user_no, time DESC, no) WHERE user_no IS NOT NULL;
CREATE INDEX traces_by_session ON traces (project_no, session_no, time, no) WHERE session_no IS NOT NULL;

-- The links of traces and sessions are foreign keys within the project, set to null when what
-- they point to goes. They are checked by statement: row by row, with a lock on each row pointed
-- to, they took more time than everything else that a delivery writes.
CREATE FUNCTION check_users_exist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written w
        WHERE w.user_no IS NOT NULL
          AND NOT EXISTS (SELECT FROM tracked_users u WHERE u.project_no = w.project_no AND u.no = w.user_no)
    ) THEN
        RAISE EXCEPTION '% points to a user that its project does not have', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION check_sessions_exist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written w
        WHERE w.session_no IS NOT NULL
          AND NOT EXISTS (SELECT FROM trace_sessions s WHERE s.project_no = w.project_no AND s.no = w.session_no)
    ) THEN
        RAISE EXCEPTION '% points to a session that its project does not have', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION unlink_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE traces t SET user_no = NULL FROM gone g WHERE t.project_no = g.project_no AND t.user_no = g.no;
    UPDATE trace_sessions s SET user_no = NULL FROM gone g WHERE s.project_no = g.project_no AND s.user_no = g.no;
    RETURN NULL;
END $$;
CREATE FUNCTION unlink_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE traces t SET session_no = NULL FROM gone g WHERE t.project_no = g.project_no AND t.session_no = g.no;
    RETURN NULL;
END $$;
CREATE TRIGGER traces_user_inserted AFTER INSERT ON traces
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_users_exist();
CREATE TRIGGER traces_user_updated AFTER UPDATE ON traces
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_users_exist();
CREATE TRIGGER traces_session_inserted AFTER INSERT ON traces
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_sessions_exist();
CREATE TRIGGER traces_session_updated AFTER UPDATE ON traces
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_sessions_exist();
CREATE TRIGGER trace_sessions_user_inserted AFTER INSERT ON trace_sessions
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_users_exist();
CREATE TRIGGER trace_sessions_user_updated AFTER UPDATE ON trace_sessions
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_users_exist();
CREATE TRIGGER tracked_users_gone AFTER DELETE ON tracked_users
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION unlink_users();
CREATE TRIGGER trace_sessions_gone AFTER DELETE ON trace_sessions
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION unlink_sessions();

-- One row per delivery that brought payload; the bodies are compressed already.
CREATE TABLE payloads (
    project_no bigint NOT NULL, trace_no bigint NOT NULL, no bigint NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (project_no, trace_no, no),
    FOREIGN KEY (project_no, trace_no) REFERENCES traces (project_no, no) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE payloads ALTER COLUMN body SET STORAGE EXTERNAL;

-- Rollups. Days are UTC; a quarter is 15 minutes, the grid on which every zone's midnights lie.
-- band: sixteen users to a row.
CREATE TABLE user_days (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, day bigint NOT NULL, band bigint NOT NULL,
    sums bytea NOT NULL, PRIMARY KEY (project_no, day, band)
) WITH (fillfactor = 70);
CREATE TABLE project_quarters (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, quarter bigint NOT NULL,
    measures bytea NOT NULL, PRIMARY KEY (project_no, quarter)
) WITH (fillfactor = 70);
CREATE TABLE model_quarters (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, quarter bigint NOT NULL, model_no bigint NOT NULL,
    measures bytea NOT NULL, PRIMARY KEY (project_no, quarter, model_no)
) WITH (fillfactor = 70);
