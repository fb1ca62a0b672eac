//! Transactions for the registry, on the connection for accounts.
use crate::error::{StoreResult, internal, sql};
use crate::store::SqliteStore;
use async_trait::async_trait;
use cognobserve_ports::StoreError;
use cognobserve_registry::{BoxFuture, Row, Rows, Transactions, Value};
use futures_util::FutureExt;
use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

#[async_trait]
impl Transactions for SqliteStore {
    const INSERT_WORKSPACE: &'static str =
        "INSERT OR IGNORE INTO workspaces (name, developer, created) VALUES ($1, $2, $3)";

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.with_accounts(move |conn| run(conn, "BEGIN", work))
            .await
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.with_accounts(move |conn| run(conn, "BEGIN IMMEDIATE", work))
            .await
    }
}

fn run<T, F>(conn: &mut Connection, begin: &str, work: F) -> StoreResult<T>
where
    F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, StoreResult<T>>,
{
    conn.execute_batch(begin).map_err(sql)?;
    // Nothing here ever waits: a statement is done when it returns.
    let worked = work(&mut Open(conn)).now_or_never();
    let worked = worked.unwrap_or_else(|| Err(internal("the registry waits for something")));
    let ended = conn.execute_batch(match worked {
        Ok(_) => "COMMIT",
        Err(_) => "ROLLBACK",
    });
    let value = worked?;
    ended.map_err(sql)?;
    Ok(value)
}

/// A connection with an open transaction.
struct Open<'c>(&'c mut Connection);

#[async_trait]
impl Rows for Open<'_> {
    async fn query(
        &mut self,
        statement: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        query(self.0, statement, values).map_err(sql)
    }

    async fn execute(
        &mut self,
        statement: &'static str,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        execute(self.0, statement, values).map_err(sql)
    }
}

fn query(conn: &Connection, text: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = conn.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let columns = statement.column_count();
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns).map(|at| {
            Ok(match row.get::<_, Stored>(at)? {
                Stored::Null => Value::Null,
                Stored::Integer(number) => Value::Number(number),
                Stored::Text(text) => Value::Text(text),
                Stored::Blob(bytes) => Value::Bytes(bytes),
                Stored::Real(_) => return Err(rusqlite::Error::InvalidColumnIndex(at)),
            })
        });
        rows.push(Row::new(values.collect::<rusqlite::Result<_>>()?));
    }
    Ok(rows)
}

fn execute(conn: &Connection, text: &str, values: &[Value]) -> rusqlite::Result<u64> {
    let mut statement = conn.prepare_cached(text)?;
    bind(&mut statement, values)?;
    let changed = statement.raw_execute()?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// `$1` is a name here: its place is where it stands first.
fn bind(statement: &mut Statement, values: &[Value]) -> rusqlite::Result<()> {
    for (n, value) in values.iter().enumerate() {
        let name = format!("${}", n + 1);
        if let Some(at) = statement.parameter_index(&name)? {
            statement.raw_bind_parameter(at, Bound(value))?;
        }
    }
    Ok(())
}

struct Bound<'v>(&'v Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Number(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
