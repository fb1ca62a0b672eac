-- Product events, a log that sinks read by position. Positions ascend in the order of commit: who appends locks
-- the one row of event_log, takes them from it, and counts there what was ever stored. Set is either developer
-- (and end_user) or pseudonym. No foreign key leads to projects: to check it for each event costs more than to
-- write it, and who purges a project waits for those who append (see purge.rs).
CREATE TABLE event_log (no bigint PRIMARY KEY, position bigint NOT NULL, stored bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO event_log (no, position, stored) VALUES (1, 0, 0);

CREATE TABLE events (
    position bigint PRIMARY KEY, project_no bigint NOT NULL, id bytea NOT NULL, developer text COLLATE "C",
    end_user text COLLATE "C", pseudonym text COLLATE "C", name text COLLATE "C" NOT NULL, session text, client_type text,
    properties text NOT NULL, at bigint NOT NULL, arrived bigint NOT NULL, UNIQUE (project_no, id)
);
CREATE INDEX events_by_time ON events (project_no, at, position);
CREATE INDEX events_by_name ON events (project_no, name, at);
CREATE INDEX events_by_developer ON events (developer, end_user, at) WHERE developer IS NOT NULL;
CREATE INDEX events_by_end_user ON events (project_no, end_user) WHERE end_user IS NOT NULL;
CREATE INDEX events_by_pseudonym ON events (project_no, pseudonym) WHERE pseudonym IS NOT NULL;
CREATE INDEX events_by_arrival ON events (arrived);

-- Who serves a sink until when, and how far it is, in its own words.
CREATE TABLE event_sinks (name text COLLATE "C" PRIMARY KEY, holder text NOT NULL, until bigint NOT NULL, progress text NOT NULL);

-- What a sink gave up.
CREATE TABLE event_drops (
    position bigint NOT NULL REFERENCES events (position) ON DELETE CASCADE, sink text COLLATE "C" NOT NULL,
    reason text NOT NULL, at bigint NOT NULL, PRIMARY KEY (position, sink)
);
CREATE INDEX event_drops_by_time ON event_drops (sink, at, position);

-- 1: the workspace's developer wants no events captured.
ALTER TABLE workspaces ADD COLUMN opted_out bigint NOT NULL DEFAULT 0;

CREATE VIEW living_projects AS SELECT no, id, workspace_no FROM projects WHERE deleted_at IS NULL;
