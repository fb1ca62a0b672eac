-- Ids and pseudonyms of end users who were erased: who appends events looks here, under the lock of the log.
CREATE TABLE forgotten (
    project_no bigint NOT NULL REFERENCES projects (no) ON DELETE CASCADE, whose text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_no, whose)
);
