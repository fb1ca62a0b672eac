-- Ids and pseudonyms of end users who were erased: who appends events looks here, under the lock of the log.
CREATE TABLE forgotten (project_no INTEGER NOT NULL, whose TEXT NOT NULL, PRIMARY KEY (project_no, whose)) WITHOUT ROWID;
