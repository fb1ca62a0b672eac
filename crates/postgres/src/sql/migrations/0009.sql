-- The project's own name of a session that nothing was known of when the event came, until it is.
ALTER TABLE events ADD COLUMN awaited text;
CREATE INDEX events_awaited ON events (position) WHERE awaited IS NOT NULL;
