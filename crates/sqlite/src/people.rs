//! Transactions for the registry: on the connection for accounts, and apart from it on the readers'
//! and the writer's.
use crate::error::{StoreResult, internal, sql};
use crate::store::SqliteStore;
use crate::writer::Writer;
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
    // One writes at a time.
    const FOR_UPDATE: &'static str = "";
    const PROPERTY: &'static str = "event_property(e.properties, $1)";

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

    async fn read_apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.with_reading(move |conn, _| run(conn, "BEGIN", work))
            .await
    }

    /// On the writer's own connection: another one's commits would cost it all that it has cached,
    /// and waiting for each other's lock is waiting in the dark.
    async fn write_apart<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let Ok(writer) = self.writer() else {
            return self.write(work).await;
        };
        let job = move |conn: &mut Connection| run(conn, "BEGIN IMMEDIATE", work);
        writer.run(move |writer| writer.run_apart(job)).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        match self.writer() {
            Ok(writer) => writer.run(Writer::scrub).await,
            Err(_) => Ok(()),
        }
    }
}

fn run<T, F>(conn: &mut Connection, begin: &str, work: F) -> StoreResult<T>
where
    F: for<'a> FnOnce(&'a mut dyn Rows) -> BoxFuture<'a, StoreResult<T>>,
{
    conn.execute_batch(begin).map_err(sql)?;
    let mut open = Open(conn);
    // Nothing here ever waits: a statement is done when it returns.
    let worked = work(&mut open).now_or_never();
    let value = worked.unwrap_or_else(|| Err(internal("the registry waits for something")))?;
    open.0.execute_batch("COMMIT").map_err(sql)?;
    Ok(value)
}

/// A connection with an open transaction, which is rolled back if it was not committed.
struct Open<'c>(&'c mut Connection);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

#[async_trait]
impl Rows for Open<'_> {
    async fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        query(self.0, statement, values).map_err(sql)
    }

    async fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64, StoreError> {
        execute(self.0, statement, values).map_err(sql)
    }

    async fn execute_many(
        &mut self,
        statement: &str,
        values: &[Vec<Value>],
    ) -> Result<Vec<u64>, StoreError> {
        let write = |values: &Vec<Value>| execute(self.0, statement, values);
        let written: rusqlite::Result<_> = values.iter().map(write).collect();
        written.map_err(sql)
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
