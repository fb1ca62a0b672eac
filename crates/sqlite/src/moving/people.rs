//! Pages of those who log in.
use super::rows::{Page, Read};
use cognobserve_books::moving::{Account, Field, Member, Rows, SessionToken};
use rusqlite::Row;

impl Page<'_> {
    pub fn read_accounts(&self) -> Read {
        let read = |row: &Row| {
            let account = Account {
                id: row.get(0)?,
                email: row.get(1)?,
                name: row.get(2)?,
                is_operator: row.get(3)?,
                created: row.get(4)?,
                password_hash: row.get(5)?,
            };
            Ok((account, 0))
        };
        let query = "SELECT id, email, name, is_operator, created_at, password_hash FROM accounts
            WHERE id > ?1 ORDER BY id";
        let key_of = |it: &Account| vec![Field::Text(it.id.clone())];
        self.list(query, read, key_of, Rows::Accounts)
    }

    pub fn read_members(&self) -> Read {
        let read = |row: &Row| {
            let member = Member {
                workspace_no: row.get(0)?,
                account_id: row.get(1)?,
                role: row.get(2)?,
                since: row.get(3)?,
            };
            Ok((member, 0))
        };
        let query = "SELECT workspace_no, account_id, role, since FROM members
            WHERE (workspace_no, account_id) > (?1, ?2) ORDER BY workspace_no, account_id";
        let key_of = |it: &Member| {
            vec![
                Field::No(it.workspace_no),
                Field::Text(it.account_id.clone()),
            ]
        };
        self.list(query, read, key_of, Rows::Members)
    }

    pub fn read_session_tokens(&self) -> Read {
        let read = |row: &Row| {
            let token = SessionToken {
                id: row.get(0)?,
                hash: row.get(1)?,
                account_id: row.get(2)?,
                name: row.get(3)?,
                prefix: row.get(4)?,
                created: row.get(5)?,
                expires: row.get(6)?,
                last_used: row.get(7)?,
            };
            Ok((token, 0))
        };
        let query =
            "SELECT id, hash, account_id, name, prefix, created_at, expires_at, last_used_at
            FROM session_tokens WHERE id > ?1 ORDER BY id";
        let key_of = |it: &SessionToken| vec![Field::Text(it.id.clone())];
        self.list(query, read, key_of, Rows::SessionTokens)
    }
}
