//! A schema of a test's own: many tests share a server without seeing each other's tables.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_postgres::NoTls;

/// Dropped with all that is in it.
pub struct Schema {
    server: String,
    name: String,
    url: String,
}

impl Schema {
    pub(crate) fn make(server: &str) -> Schema {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let name = format!(
            "t{}_{}_{:x}",
            std::process::id(),
            MADE.fetch_add(1, Ordering::Relaxed),
            since.map_or(0, |since| since.as_micros())
        );
        if let Err(error) = execute(server, &format!("CREATE SCHEMA {name}")) {
            panic!("cannot make a schema on {server}: {error}");
        }
        let join = if server.contains('?') { '&' } else { '?' };
        Schema {
            url: format!("{server}{join}options=-csearch_path%3D{name}%2Cpublic"),
            server: server.to_owned(),
            name,
        }
    }

    /// Of the server, with this schema first in the search path and `public` last.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in this schema, on a connection of their own.
    ///
    /// # Panics
    /// If one fails.
    pub fn execute(&self, statements: &str) {
        if let Err(error) = execute(&self.url, statements) {
            panic!("{statements}: {error}");
        }
    }

    /// The first column of the answer to the last statement, as text, `NULL` as "".
    ///
    /// # Panics
    /// If a statement fails.
    pub fn read(&self, statements: &str) -> Vec<String> {
        match execute(&self.url, statements) {
            Ok(rows) => rows,
            Err(error) => panic!("{statements}: {error}"),
        }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // Somebody's open transaction must not hold the test up.
        let statements = format!(
            "SET lock_timeout = '10s'; DROP SCHEMA {} CASCADE",
            self.name
        );
        if let Err(error) = execute(&self.server, &statements) {
            eprintln!("the schema {} stays: {error}", self.name);
        }
    }
}

/// On a thread of its own, since the caller may be within a runtime or not.
fn execute(url: &str, statements: &str) -> Result<Vec<String>, String> {
    let (url, statements) = (url.to_owned(), statements.to_owned());
    let ran = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(execute_at(&url, &statements))
    });
    ran.join().unwrap_or_else(|_| Err("a panic".into()))
}

async fn execute_at(url: &str, statements: &str) -> Result<Vec<String>, String> {
    let say = |error: tokio_postgres::Error| match error.as_db_error() {
        Some(db) => db.to_string(),
        None => error.to_string(),
    };
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(say)?;
    let talk = tokio::spawn(connection);
    let messages = client.simple_query(statements).await.map_err(say)?;
    drop(client);
    let _ = talk.await;
    let mut rows = Vec::new();
    for message in messages {
        match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                rows.push(row.get(0).unwrap_or_default().to_owned());
            }
            tokio_postgres::SimpleQueryMessage::RowDescription(_) => rows.clear(),
            _ => {}
        }
    }
    Ok(rows)
}
