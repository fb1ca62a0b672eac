//! Takes in all rows of another store, batch by batch. A batch and the mark of how far the
//! move has come are one transaction, so that a move goes on wherever it was cut off.
//!
//! As long as there is a mark nobody may use the store: [`refuse_unfinished`].
mod accounts;
mod copy;
mod events;
mod ledger;
mod people;

use crate::address::Address;
use crate::connect::{self, Settings};
use crate::error::{StoreResult, damaged, pool, sql};
use crate::migrate;
use crate::shared::Shared;
use crate::store::{Inner, PostgresStore, name_place};
use async_trait::async_trait;
use cognobserve_books::key_use::KeyUses;
use cognobserve_books::keys::Keys;
use cognobserve_books::moving::{Batch, Destination, Mark, Place, Rows, Survey};
use cognobserve_ports::{ErrorKind, StoreError};
use deadpool_postgres::{Object, Pool, Transaction};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;

/// How long connections that have just been closed may be seen.
const PAUSES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(50);

/// A database into which a store is moved. Nobody else writes to it.
pub struct MoveDestination {
    store: PostgresStore,
    mark: Mutex<Mark>,
}

impl PostgresStore {
    /// Makes the schema in an empty database and claims it for the surveyed store, or goes
    /// on with an unfinished move of that same store.
    ///
    /// # Errors
    /// `Conflict` if there is anything else in the database, `Unavailable` if the server
    /// cannot be reached or is too old.
    pub async fn take_in(
        settings: &Settings,
        survey: &Survey,
    ) -> Result<(PostgresStore, MoveDestination), StoreError> {
        let address = Address::parse(&settings.url)?;
        let claimed = claim_at(settings, &address, survey).await;
        let destination = claimed.map_err(|error| name_place(&address, error))?;
        Ok((destination.store.clone(), destination))
    }
}

async fn claim_at(
    settings: &Settings,
    address: &Address,
    survey: &Survey,
) -> StoreResult<MoveDestination> {
    let tls = address.tls.make_connector()?;
    let connections = connect::make_pool(settings, address, tls.clone())?;
    migrate::run(&connections).await?;
    let mark = claim(&connections, survey).await?;
    let store = PostgresStore(Arc::new(Inner {
        pool: connections,
        keys: Keys::new(survey.secret),
        shared: Shared::default(),
        key_uses: KeyUses::default(),
        tls,
    }));
    Ok(MoveDestination {
        store,
        mark: Mutex::new(mark),
    })
}

/// Refuses a store into which a move has not come to its end. Asked after the install
/// secret was read: the transaction that writes the one writes the mark as well.
pub(crate) async fn refuse_unfinished(connections: &Pool) -> StoreResult<()> {
    let client = connections.get().await.map_err(pool)?;
    let query = "SELECT FROM meta WHERE key = 'moving'";
    match client.query_opt(query, &[]).await.map_err(sql)? {
        None => Ok(()),
        Some(_) => Err(StoreError::new(
            ErrorKind::Unavailable,
            "a store is being moved into it; `cognobserve move` must come to its end first",
        )),
    }
}

fn refuse<T>(why: &str) -> StoreResult<T> {
    Err(StoreError::new(ErrorKind::Conflict, why))
}

async fn claim(connections: &Pool, survey: &Survey) -> StoreResult<Mark> {
    let mut client = connections.get().await.map_err(pool)?;
    for pause in 0.. {
        let transaction = client.transaction().await.map_err(sql)?;
        // Nobody makes a secret meanwhile; and a move that was killed has done its last.
        let lock = "LOCK TABLE meta IN SHARE ROW EXCLUSIVE MODE";
        transaction.batch_execute(lock).await.map_err(sql)?;
        let query = include_str!("sql/moving.read_state.sql");
        let found = transaction.query_one(query, &[]).await.map_err(sql)?;
        let found = Found::read(&found)?;
        if found.is_idle() || pause >= PAUSES {
            let mark = found.judge(survey)?;
            write_claim(&transaction, survey, &mark).await?;
            transaction.commit().await.map_err(sql)?;
            return Ok(mark);
        }
        drop(transaction);
        tokio::time::sleep(PAUSE).await;
    }
    refuse("it cannot be claimed")
}

async fn write_claim(
    transaction: &Transaction<'_>,
    survey: &Survey,
    mark: &Mark,
) -> StoreResult<()> {
    let query = include_str!("sql/moving.claim.sql");
    let put = transaction
        .execute(query, &[&&survey.secret[..], &mark.encode()])
        .await;
    put.map(drop).map_err(sql)
}

/// What a database holds before a move.
struct Found {
    mark: Option<Mark>,
    secret: Option<Vec<u8>>,
    is_used: bool,
    /// Other connections of this program.
    has_others: bool,
}

impl Found {
    fn read(row: &Row) -> StoreResult<Found> {
        let mark: Option<Vec<u8>> = row.try_get("mark").map_err(sql)?;
        Ok(Found {
            mark: mark.as_deref().map(Mark::decode).transpose()?,
            secret: row.try_get("secret").map_err(sql)?,
            is_used: row.try_get("is_used").map_err(sql)?,
            has_others: row.try_get("has_others").map_err(sql)?,
        })
    }

    /// Whether nobody can know the secret that is there, or nothing hangs on it.
    fn is_idle(&self) -> bool {
        self.mark.is_some() || self.secret.is_none() || self.is_used || !self.has_others
    }

    /// How far the move of the surveyed store has come here.
    fn judge(self, survey: &Survey) -> StoreResult<Mark> {
        let secret = self.secret.as_deref();
        let is_same_store = secret.is_some_and(|secret| *secret == survey.secret);
        match self.mark {
            Some(_) if !is_same_store => {
                refuse("it holds an unfinished move of another store; give an empty database")
            }
            Some(mark) if mark.fingerprint != survey.fingerprint => refuse(
                "it holds an unfinished move of this store, which was changed since: \
                 start again with an empty database",
            ),
            Some(mark) => Ok(mark),
            None if self.is_used && is_same_store => refuse("this store was moved into it already"),
            None if self.is_used => refuse("it holds another store; give an empty database"),
            None if secret.is_some() && self.has_others => {
                refuse("somebody else is connected to it; stop every server that uses it")
            }
            None => Ok(Mark {
                fingerprint: survey.fingerprint.clone(),
                place: Some(Place::START),
            }),
        }
    }
}

#[async_trait]
impl Destination for MoveDestination {
    fn place(&self) -> Option<Place> {
        self.mark.lock().place.clone()
    }

    async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let old = self.mark.lock().clone();
        let new = Mark {
            place: batch.next,
            ..old.clone()
        };
        let mut client = self.store.client().await?;
        let transaction = client.transaction().await.map_err(sql)?;
        let query = "UPDATE meta SET bytes = $2 WHERE key = 'moving' AND bytes = $1";
        let marked = transaction
            .execute(query, &[&old.encode(), &new.encode()])
            .await;
        if marked.map_err(sql)? == 0 {
            return refuse("another move into this database goes on");
        }
        write_rows(&transaction, batch.rows).await?;
        transaction.commit().await.map_err(sql)?;
        *self.mark.lock() = new;
        Ok(())
    }

    async fn settle(&self, survey: &Survey) -> Result<(), StoreError> {
        let client = self.store.client().await?;
        // Each value is the first of a thousand: the next one is beyond the last number.
        let block = (survey.last_number / 1000 + 1) * 1000;
        let query = include_str!("sql/moving.settle.sql");
        let settled = client
            .query_one(query, &[&block, &survey.last_project])
            .await;
        settled.map_err(sql)?;
        let query = include_str!("sql/accounts.keep_last_arrival.sql");
        let kept = client.execute(query, &[&survey.last_arrival]).await;
        kept.map_err(sql)?;
        let analyse = include_str!("sql/moving.analyse.sql");
        client.batch_execute(analyse).await.map_err(sql)
    }

    async fn release(&self) -> Result<(), StoreError> {
        let client: Object = self.store.client().await?;
        let mark = self.mark.lock().encode();
        let query = "DELETE FROM meta WHERE key = 'moving' AND bytes = $1";
        let released = client.execute(query, &[&mark]).await.map_err(sql)?;
        match released {
            0 => Err(damaged("progress of the move")),
            _ => Ok(()),
        }
    }
}

async fn write_rows(transaction: &Transaction<'_>, rows: Rows) -> StoreResult<()> {
    match rows {
        Rows::Workspaces(rows) => accounts::copy_workspaces(transaction, &rows).await,
        Rows::Accounts(rows) => people::copy_accounts(transaction, &rows).await,
        Rows::Members(rows) => people::copy_members(transaction, &rows).await,
        Rows::SessionTokens(rows) => people::copy_session_tokens(transaction, &rows).await,
        Rows::Projects(rows) => accounts::copy_projects(transaction, &rows).await,
        Rows::Prices(rows) => accounts::copy_prices(transaction, &rows).await,
        Rows::Audit(rows) => accounts::copy_audit(transaction, &rows).await,
        Rows::Suppressions(rows) => accounts::copy_suppressions(transaction, &rows).await,
        Rows::ApiKeys(rows) => accounts::copy_api_keys(transaction, &rows).await,
        Rows::Users(rows) => ledger::copy_users(transaction, &rows).await,
        Rows::Unattributed(rows) => ledger::copy_unattributed(transaction, &rows).await,
        Rows::Models(rows) => ledger::copy_models(transaction, &rows).await,
        Rows::Sessions(rows) => ledger::copy_sessions(transaction, &rows).await,
        Rows::Traces(rows) => ledger::copy_traces(transaction, &rows).await,
        Rows::UserDays(rows) => ledger::copy_user_days(transaction, &rows).await,
        Rows::ProjectQuarters(rows) => ledger::copy_quarters(transaction, &rows).await,
        Rows::ModelQuarters(rows) => ledger::copy_model_quarters(transaction, &rows).await,
        Rows::Events(rows) => events::copy_events(transaction, &rows).await,
        Rows::EventDrops(rows) => events::copy_event_drops(transaction, &rows).await,
        Rows::EventSinks(rows) => events::copy_event_sinks(transaction, &rows).await,
        Rows::EventLog(rows) => events::copy_event_log(transaction, &rows).await,
        Rows::Forgotten(rows) => events::copy_forgotten(transaction, &rows).await,
    }
}
