//! A writing transaction, and the lock that orders all that books in one project.
//!
//! Who books first locks the rows of its projects, in order of their numbers: what one
//! project's books say is then decided by one transaction at a time, in whatever process.
use crate::accounts::read_book;
use crate::error::{StoreResult, sql};
use crate::store::PostgresStore;
use cognobserve_model::id::ProjectId;
use cognobserve_model::price::PriceBook;
use deadpool_postgres::Object;
use futures_util::FutureExt;
use std::ops::Range;
use std::sync::Arc;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Numbers to a value of the sequence.
const BLOCK: i64 = 1_000;

/// Everything that a booking asks for is named by keys, and plans are kept: those made while a
/// table was small must still do when it is not.
const BEGIN: &str =
    "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What the writer needs to know of a project that it has locked.
#[derive(Clone)]
pub(super) struct ProjectFacts {
    pub no: i64,
    pub id: String,
    pub max_users: Option<i64>,
    pub retention_payload_days: Option<i64>,
    pub has_suppressions: bool,
    pub book: Arc<PriceBook>,
}

/// An open transaction; dropped without `commit` it is rolled back.
pub(super) struct Tx {
    client: Option<Object>,
    pub store: PostgresStore,
}

impl Tx {
    pub async fn begin(store: &PostgresStore) -> StoreResult<Tx> {
        let client = store.client().await?;
        let client = match client.batch_execute(BEGIN).await {
            Ok(()) => client,
            // A pooled connection may have died unseen: one more try on another.
            Err(_) => {
                drop(Object::take(client));
                let client = store.client().await?;
                client.batch_execute(BEGIN).await.map_err(sql)?;
                client
            }
        };
        Ok(Tx {
            client: Some(client),
            store: store.clone(),
        })
    }

    pub fn client(&self) -> StoreResult<&Object> {
        let gone = || crate::error::internal("the transaction has ended");
        self.client.as_ref().ok_or_else(gone)
    }

    pub async fn query(&self, text: &'static str, params: Params<'_>) -> StoreResult<Vec<Row>> {
        let client = self.client()?;
        let statement = client.prepare_cached(text).await.map_err(sql)?;
        client.query(&statement, params).await.map_err(sql)
    }

    /// Asks only if there is something to ask for.
    pub async fn query_some(
        &self,
        text: &'static str,
        params: Params<'_>,
        is_empty: bool,
    ) -> StoreResult<Vec<Row>> {
        match is_empty {
            true => Ok(Vec::new()),
            false => self.query(text, params).await,
        }
    }

    pub async fn query_opt(
        &self,
        text: &'static str,
        params: Params<'_>,
    ) -> StoreResult<Option<Row>> {
        let client = self.client()?;
        let statement = client.prepare_cached(text).await.map_err(sql)?;
        client.query_opt(&statement, params).await.map_err(sql)
    }

    pub async fn execute(&self, text: &'static str, params: Params<'_>) -> StoreResult<u64> {
        let client = self.client()?;
        let statement = client.prepare_cached(text).await.map_err(sql)?;
        client.execute(&statement, params).await.map_err(sql)
    }

    /// As many unused numbers as are wanted.
    pub async fn take_numbers(&self, wanted: usize) -> StoreResult<Vec<Range<i64>>> {
        let mut ranges = self.store.shared().take_numbers(wanted);
        let taken: usize = ranges
            .iter()
            .map(|range| (range.end - range.start) as usize)
            .sum();
        let blocks = (wanted - taken).div_ceil(BLOCK as usize) as i64;
        if blocks > 0 {
            let query = "SELECT nextval('ledger_numbers') FROM generate_series(1, $1::bigint)";
            for row in self.query(query, &[&blocks]).await? {
                let first: i64 = row.get(0);
                ranges.push(first..first + BLOCK);
            }
        }
        Ok(ranges)
    }

    /// Lets this transaction take as long as it needs.
    pub async fn lift_time_limit(&self) -> StoreResult<()> {
        let statement = "SET LOCAL statement_timeout = 0";
        self.client()?.batch_execute(statement).await.map_err(sql)
    }

    pub async fn commit(mut self) -> StoreResult<()> {
        let Some(client) = self.client.take() else {
            return Ok(());
        };
        match client.batch_execute("COMMIT").await {
            Ok(()) => Ok(()),
            Err(error) => {
                drop(Object::take(client));
                Err(sql(error))
            }
        }
    }

    /// Locks projects that exist, in order of their numbers.
    pub async fn lock_projects(&self, ids: &[String]) -> StoreResult<Vec<ProjectFacts>> {
        let rows = self
            .query(include_str!("../sql/ledger.lock_projects.sql"), &[&ids])
            .await?;
        let mut projects = Vec::with_capacity(rows.len());
        for row in rows {
            let (no, version): (i64, i64) = (row.get("no"), row.get("prices_version"));
            let book = match self.store.shared().find_book(no, version) {
                Some(book) => book,
                None => {
                    let book = Arc::new(read_book(self.client()?, no).await?);
                    self.store.shared().put_book(no, version, Arc::clone(&book));
                    book
                }
            };
            projects.push(ProjectFacts {
                no,
                id: row.get("id"),
                max_users: row.get("max_users"),
                retention_payload_days: row.get("retention_payload_days"),
                has_suppressions: row.get("has_suppressions"),
                book,
            });
        }
        Ok(projects)
    }

    pub async fn lock_project(&self, id: &ProjectId) -> StoreResult<Option<ProjectFacts>> {
        let found = self.lock_projects(&[id.as_str().to_owned()]).await?;
        Ok(found.into_iter().next())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        // The first poll sends it; whatever is asked next on the connection comes behind it.
        let ended = client.batch_execute("ROLLBACK").now_or_never();
        if matches!(ended, Some(Err(_))) {
            drop(Object::take(client));
        }
    }
}
