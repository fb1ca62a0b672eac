-- Those who log in. Tables of few and small rows; nothing here is about tracked users.
CREATE TABLE accounts (
    id text COLLATE "C" PRIMARY KEY, email text COLLATE "C" NOT NULL UNIQUE, name text, is_operator bigint NOT NULL, created_at bigint NOT NULL,
    password_hash text NOT NULL
);
CREATE TABLE members (
    workspace_no bigint NOT NULL REFERENCES workspaces (no) ON DELETE CASCADE,
    account_id text COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role text NOT NULL, since bigint NOT NULL, PRIMARY KEY (workspace_no, account_id)
);
CREATE INDEX members_by_account ON members (account_id);

-- hash: SHA-256 of the secret that was given out, which is kept nowhere.
CREATE TABLE logins (
    id text COLLATE "C" PRIMARY KEY, hash bytea NOT NULL UNIQUE, account_id text COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at bigint NOT NULL, last_seen_at bigint NOT NULL, expires_at bigint NOT NULL, agent text, address text
);
CREATE INDEX logins_by_account ON logins (account_id);
CREATE TABLE session_tokens (
    id text COLLATE "C" PRIMARY KEY, hash bytea NOT NULL UNIQUE, account_id text COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name text NOT NULL, prefix text NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL, last_used_at bigint
);
CREATE INDEX session_tokens_by_account ON session_tokens (account_id);

-- kind: setup, invite (email, workspace_no, role) or reset (email, account_id). Used or replaced: gone.
CREATE TABLE links (
    hash bytea PRIMARY KEY, kind text NOT NULL, email text COLLATE "C" NOT NULL, account_id text COLLATE "C" REFERENCES accounts (id) ON DELETE CASCADE,
    workspace_no bigint REFERENCES workspaces (no) ON DELETE CASCADE, role text, created_by text NOT NULL,
    created_at bigint NOT NULL, expires_at bigint NOT NULL
);
ALTER TABLE audit ADD COLUMN workspace_no bigint;
