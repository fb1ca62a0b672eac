//! One page of a table: rows after a key, in the order of the key, as far as they fit.
use crate::error::{StoreResult, sql};
use cognobserve_books::moving::{Field, Part, Rows};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

/// Of a page.
const MAX_ROWS: usize = 2_000;
const MAX_BYTES: usize = 8 << 20;

/// A page and the key of its last row if more may follow.
pub(super) type Read = StoreResult<(Rows, Option<Vec<Field>>)>;

/// Rows of a part after a key; no key: from its beginning.
pub(super) fn read(conn: &Connection, part: Part, after: &[Field]) -> Read {
    let after = match after {
        [] => begin(part),
        after => after.to_vec(),
    };
    let page = Page {
        conn,
        after: &after,
    };
    match part {
        Part::Workspaces => page.read_workspaces(),
        Part::Accounts => page.read_accounts(),
        Part::Members => page.read_members(),
        Part::SessionTokens => page.read_session_tokens(),
        Part::Projects => page.read_projects(),
        Part::Prices => page.read_prices(),
        Part::Audit => page.read_audit(),
        Part::Users => page.read_users(),
        Part::Unattributed => page.read_unattributed(),
        Part::Suppressions => page.read_suppressions(),
        Part::Models => page.read_models(),
        Part::Sessions => page.read_sessions(),
        Part::Traces => page.read_traces(),
        Part::UserDays => page.read_user_days(),
        Part::ProjectQuarters => page.read_project_quarters(),
        Part::ModelQuarters => page.read_model_quarters(),
        Part::Events => page.read_events(),
        Part::EventDrops => page.read_event_drops(),
        Part::EventSinks => page.read_event_sinks(),
        Part::EventLog => page.read_event_log(),
        Part::Forgotten => page.read_forgotten(),
        Part::ApiKeys => page.read_api_keys(),
    }
}

/// A key before all others: numbers of projects and rows are positive, ids are not empty.
fn begin(part: Part) -> Vec<Field> {
    let (zero, text) = (Field::No(0), Field::Text(String::new()));
    let any = Field::No(i64::MIN);
    match part {
        Part::Prices => vec![zero, text, any],
        Part::Suppressions | Part::Members | Part::EventDrops | Part::Forgotten => {
            vec![zero, text]
        }
        Part::UserDays | Part::ModelQuarters => vec![zero, any.clone(), any],
        Part::ProjectQuarters => vec![zero, any],
        Part::ApiKeys | Part::Accounts | Part::SessionTokens | Part::EventSinks => vec![text],
        _ => vec![zero],
    }
}

pub(super) fn count_query(part: Part) -> &'static str {
    match part {
        Part::Workspaces => "SELECT count(*) FROM workspaces",
        Part::Accounts => "SELECT count(*) FROM accounts",
        Part::Members => "SELECT count(*) FROM members",
        Part::SessionTokens => "SELECT count(*) FROM session_tokens",
        Part::Projects => "SELECT count(*) FROM projects",
        Part::Prices => "SELECT count(*) FROM prices",
        Part::Audit => "SELECT count(*) FROM audit",
        Part::Users => "SELECT count(*) FROM users",
        Part::Unattributed => {
            "SELECT count(*) FROM projects p JOIN user_totals t ON t.project_no = p.no AND t.user_no = 0"
        }
        Part::Suppressions => "SELECT count(*) FROM suppressions",
        Part::Models => "SELECT count(*) FROM models",
        Part::Sessions => "SELECT count(*) FROM sessions",
        Part::Traces => "SELECT count(*) FROM traces",
        Part::UserDays => "SELECT count(*) FROM user_days",
        Part::ProjectQuarters => "SELECT count(*) FROM project_quarters",
        Part::ModelQuarters => "SELECT count(*) FROM model_quarters",
        Part::Events => "SELECT count(*) FROM events",
        Part::EventDrops => "SELECT count(*) FROM event_drops",
        Part::EventSinks => "SELECT count(*) FROM event_sinks",
        Part::EventLog => "SELECT count(*) FROM event_log",
        Part::Forgotten => "SELECT count(*) FROM forgotten",
        Part::ApiKeys => "SELECT count(*) FROM api_keys",
    }
}

struct KeyField<'a>(&'a Field);

impl ToSql for KeyField<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Field::No(no) => no.to_sql(),
            Field::Text(text) => text.to_sql(),
        }
    }
}

fn count_bytes(row: &Row) -> rusqlite::Result<usize> {
    let mut bytes = 0;
    for at in 0..row.as_ref().column_count() {
        bytes += match row.get_ref(at)? {
            ValueRef::Text(value) | ValueRef::Blob(value) => value.len(),
            _ => 8,
        };
    }
    Ok(bytes)
}

pub(super) struct Page<'a> {
    pub conn: &'a Connection,
    after: &'a [Field],
}

impl Page<'_> {
    /// `query` takes the key's fields as parameters and is in the order of the key; `read`
    /// gives a row and the bytes that it has besides its columns.
    pub fn list<T>(
        &self,
        query: &str,
        read: impl Fn(&Row) -> rusqlite::Result<(T, usize)>,
        key_of: impl Fn(&T) -> Vec<Field>,
        rows_of: fn(Vec<T>) -> Rows,
    ) -> Read {
        let run = || {
            let mut statement = self.conn.prepare_cached(query)?;
            let mut found = statement.query(params_from_iter(self.after.iter().map(KeyField)))?;
            let (mut rows, mut bytes) = (Vec::new(), 0);
            while let Some(row) = found.next()? {
                let (value, more) = read(row)?;
                bytes += count_bytes(row)? + more;
                rows.push(value);
                if rows.len() >= MAX_ROWS || bytes >= MAX_BYTES {
                    let end = rows.last().map(&key_of);
                    return Ok((rows, end));
                }
            }
            Ok((rows, None))
        };
        let (rows, end) = run().map_err(sql)?;
        Ok((rows_of(rows), end))
    }
}
