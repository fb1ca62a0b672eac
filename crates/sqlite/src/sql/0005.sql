-- Product events, a log that sinks read by position. Positions ascend in the order of commit: who appends takes
-- them from the one row of event_log, which also counts what was ever stored. Set is either developer (and
-- end_user) or pseudonym.
CREATE TABLE event_log (no INTEGER PRIMARY KEY, position INTEGER NOT NULL, stored INTEGER NOT NULL);
INSERT INTO event_log (no, position, stored) VALUES (1, 0, 0);

CREATE TABLE events (
    position INTEGER PRIMARY KEY, project_no INTEGER NOT NULL, id BLOB NOT NULL, developer TEXT, end_user TEXT, pseudonym TEXT,
    name TEXT NOT NULL, session TEXT, client_type TEXT, properties TEXT NOT NULL, at INTEGER NOT NULL, arrived INTEGER NOT NULL,
    UNIQUE (project_no, id)
);
CREATE INDEX events_by_time ON events (project_no, at);
CREATE INDEX events_by_name ON events (project_no, name, at);
CREATE INDEX events_by_developer ON events (developer, end_user, at) WHERE developer IS NOT NULL;
CREATE INDEX events_by_end_user ON events (project_no, end_user) WHERE end_user IS NOT NULL;
CREATE INDEX events_by_pseudonym ON events (project_no, pseudonym) WHERE pseudonym IS NOT NULL;
CREATE INDEX events_by_arrival ON events (arrived);

-- Who serves a sink until when, and how far it is, in its own words.
CREATE TABLE event_sinks (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL, progress TEXT NOT NULL) WITHOUT ROWID;

-- What a sink gave up.
CREATE TABLE event_drops (
    position INTEGER NOT NULL REFERENCES events (position) ON DELETE CASCADE, sink TEXT NOT NULL, reason TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (position, sink)
) WITHOUT ROWID;
CREATE INDEX event_drops_by_time ON event_drops (sink, at, position);

-- 1: the workspace's developer wants no events captured.
ALTER TABLE workspaces ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0;

CREATE VIEW living_projects AS SELECT no, id, workspace_no FROM projects;
