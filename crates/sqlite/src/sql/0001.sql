-- Format 1. Times are µs since 1970 UTC; money is inside the measures blobs (nano-dollars).
-- `no` columns are the ledger's own numbers, given in order of arrival, never reused.
-- user_no 0 books what is unattributed; model_no 0 spans without a model.

CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE workspaces (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, developer TEXT NOT NULL, created INTEGER NOT NULL);

CREATE TABLE projects (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workspace_no INTEGER NOT NULL REFERENCES workspaces (no),
    name TEXT NOT NULL, created INTEGER NOT NULL, retention_payload_days INTEGER, capture TEXT NOT NULL,
    time_zone TEXT NOT NULL, max_spans_per_second INTEGER, max_users INTEGER,
    UNIQUE (workspace_no, name)
);

-- Deleted projects whose rows are still being removed.
CREATE TABLE purges (project_no INTEGER PRIMARY KEY);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, project_no INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, prefix TEXT NOT NULL, name TEXT NOT NULL,
    scopes TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER
) WITHOUT ROWID;
CREATE INDEX api_keys_by_project ON api_keys (project_no, created);

CREATE TABLE prices (
    project_no INTEGER NOT NULL, model TEXT NOT NULL, effective_from INTEGER NOT NULL, rates TEXT NOT NULL,
    PRIMARY KEY (project_no, model, effective_from)
) WITHOUT ROWID;

CREATE TABLE audit (no INTEGER PRIMARY KEY, at INTEGER NOT NULL, project_no INTEGER, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL);

-- state: 0 living, 1 unlinked, 2 erased. Dead rows keep only external_hash.
CREATE TABLE users (
    no INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, state INTEGER NOT NULL, external_id TEXT, external_hash TEXT,
    profile BLOB NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, updated_by TEXT
);
CREATE TABLE suppressions (project_no INTEGER NOT NULL, external_hash TEXT NOT NULL, user_no INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (project_no, external_hash)) WITHOUT ROWID;

CREATE TABLE models (no INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (project_no, name));

CREATE TABLE sessions (
    no INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, external_id TEXT NOT NULL, owner_no INTEGER NOT NULL, owner_time INTEGER,
    first INTEGER, last INTEGER, created INTEGER NOT NULL, measures BLOB NOT NULL, profile BLOB NOT NULL
);

-- booked: the facts as they stand in the rollups. state: the merged spans. Payload is apart.
CREATE TABLE traces (
    no INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, user_no INTEGER NOT NULL, session_no INTEGER NOT NULL, time INTEGER NOT NULL,
    levels INTEGER NOT NULL, latency INTEGER, payload_no INTEGER NOT NULL, booked BLOB NOT NULL, state BLOB NOT NULL
);
-- One row per delivery that brought payload; prev chains a trace's rows, newest first.
CREATE TABLE payloads (no INTEGER PRIMARY KEY, prev INTEGER NOT NULL, body BLOB NOT NULL);

-- Keyed hash of an external id -> no. `era` is no >> 14: random keys touch only the newest
-- era's few dozen pages; a Bloom filter per era in memory says where to look.
CREATE TABLE trace_lookup (era INTEGER NOT NULL, hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (era, hash, no)) WITHOUT ROWID;
CREATE TABLE session_lookup (era INTEGER NOT NULL, hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (era, hash, no)) WITHOUT ROWID;

-- The lists by time and by user carry what is summed over ragged ends of periods.
CREATE TABLE project_traces (project_no INTEGER NOT NULL, time INTEGER NOT NULL, trace_no INTEGER NOT NULL, user_no INTEGER NOT NULL, measures BLOB NOT NULL, PRIMARY KEY (project_no, time, trace_no)) WITHOUT ROWID;
CREATE TABLE user_traces (era INTEGER NOT NULL, user_no INTEGER NOT NULL, time INTEGER NOT NULL, trace_no INTEGER NOT NULL, measures BLOB NOT NULL, PRIMARY KEY (era, user_no, time, trace_no)) WITHOUT ROWID;
-- Between which times an era's traces lie: where to look for a user's.
CREATE TABLE trace_eras (era INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL);
CREATE TABLE session_traces (session_no INTEGER NOT NULL, time INTEGER NOT NULL, trace_no INTEGER NOT NULL, user_no INTEGER NOT NULL, PRIMARY KEY (session_no, time, trace_no)) WITHOUT ROWID;
CREATE TABLE project_sessions (project_no INTEGER NOT NULL, last INTEGER NOT NULL, session_no INTEGER NOT NULL, PRIMARY KEY (project_no, last, session_no)) WITHOUT ROWID;
-- first: of its traces; NULL for a session without any.
CREATE TABLE user_sessions (
    era INTEGER NOT NULL, project_no INTEGER NOT NULL, user_no INTEGER NOT NULL, last INTEGER NOT NULL, session_no INTEGER NOT NULL, first INTEGER,
    PRIMARY KEY (era, project_no, user_no, last, session_no)
) WITHOUT ROWID;

-- Rollups. Days are UTC; a quarter is 15 minutes, the grid on which every zone's midnights lie.
CREATE TABLE user_totals (
    project_no INTEGER NOT NULL, user_no INTEGER NOT NULL, first INTEGER, last INTEGER, sessions INTEGER NOT NULL, measures BLOB NOT NULL,
    PRIMARY KEY (project_no, user_no)
) WITHOUT ROWID;
-- band: user_no >> 4; sums: of the band's users, see user_days.rs.
CREATE TABLE user_days (project_no INTEGER NOT NULL, day INTEGER NOT NULL, band INTEGER NOT NULL, sums BLOB NOT NULL, PRIMARY KEY (project_no, day, band)) WITHOUT ROWID;
CREATE TABLE project_quarters (project_no INTEGER NOT NULL, quarter INTEGER NOT NULL, measures BLOB NOT NULL, PRIMARY KEY (project_no, quarter)) WITHOUT ROWID;
CREATE TABLE model_quarters (project_no INTEGER NOT NULL, quarter INTEGER NOT NULL, model_no INTEGER NOT NULL, measures BLOB NOT NULL, PRIMARY KEY (project_no, quarter, model_no)) WITHOUT ROWID;
