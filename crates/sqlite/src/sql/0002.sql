-- Those who log in. Tables of few and small rows; nothing here is about tracked users.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT, is_operator INTEGER NOT NULL, created_at INTEGER NOT NULL,
    password_hash TEXT NOT NULL
);
CREATE TABLE members (
    workspace_no INTEGER NOT NULL REFERENCES workspaces (no) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (workspace_no, account_id)
);
CREATE INDEX members_by_account ON members (account_id);

-- hash: SHA-256 of the secret that was given out, which is kept nowhere.
CREATE TABLE logins (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, agent TEXT, address TEXT
);
CREATE INDEX logins_by_account ON logins (account_id);
CREATE TABLE session_tokens (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL, prefix TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, last_used_at INTEGER
);
CREATE INDEX session_tokens_by_account ON session_tokens (account_id);

-- kind: setup, invite (email, workspace_no, role) or reset (email, account_id). Used or replaced: gone.
CREATE TABLE links (
    hash BLOB PRIMARY KEY, kind TEXT NOT NULL, email TEXT NOT NULL, account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    workspace_no INTEGER REFERENCES workspaces (no) ON DELETE CASCADE, role TEXT, created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
);
ALTER TABLE audit ADD COLUMN workspace_no INTEGER;
