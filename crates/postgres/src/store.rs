//! The store as the ports see it: a pool of connections, the install secret, and what the
//! process keeps in memory. Cheap to clone.
use crate::address::Address;
use crate::connect::{self, Settings};
use crate::error::{StoreResult, damaged, pool, sql};
use crate::shared::Shared;
use crate::{migrate, moving};
use cognobserve_books::key_use::KeyUses;
use cognobserve_books::keys::{Keyed, Keys};
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_ports::StoreError;
use deadpool_postgres::{Object, Pool};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The store on a PostgreSQL server. Cheap to clone.
#[derive(Clone)]
pub struct PostgresStore(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) pool: Pool,
    pub(crate) keys: Keys,
    pub(crate) shared: Shared,
    pub(crate) key_uses: KeyUses,
    /// For cancelling what nobody waits for any more.
    pub(crate) tls: MakeRustlsConnect,
}

impl PostgresStore {
    /// Connects, brings the schema to [`crate::FORMAT`], and removes what is left of deleted
    /// projects. Many processes may do so at once.
    ///
    /// # Errors
    /// `TooNew` for a schema of a newer format, `Unavailable` if the server cannot be reached
    /// or is too old, or if another store is being moved into the database.
    pub async fn open(settings: &Settings) -> Result<PostgresStore, StoreError> {
        let address = Address::parse(&settings.url)?;
        let opened = Self::open_at(settings, &address).await;
        opened.map_err(|error| name_place(&address, error))
    }

    /// Whether some process has made its schema there; changes nothing.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn is_made(settings: &Settings) -> Result<bool, StoreError> {
        let address = Address::parse(&settings.url)?;
        let looked = async {
            let pool = connect::make_pool(settings, &address, address.tls.make_connector()?)?;
            migrate::is_made(&pool).await
        };
        looked.await.map_err(|error| name_place(&address, error))
    }

    async fn open_at(settings: &Settings, address: &Address) -> StoreResult<PostgresStore> {
        let tls = address.tls.make_connector()?;
        let pool = connect::make_pool(settings, address, tls.clone())?;
        migrate::run(&pool).await?;
        let keys = read_keys(&pool).await?;
        moving::refuse_unfinished(&pool).await?;
        let store = PostgresStore(Arc::new(Inner {
            keys,
            shared: Shared::default(),
            key_uses: KeyUses::default(),
            pool,
            tls,
        }));
        store.finish_purges().await?;
        Ok(store)
    }

    /// A connection for one piece of work, outside of any transaction.
    pub(crate) async fn client(&self) -> StoreResult<Object> {
        self.0.pool.get().await.map_err(pool)
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    /// The number behind a user's id; -1, which nobody has, if it is no id.
    pub(crate) fn user_no(&self, user: &UserId) -> i64 {
        self.keys().reveal("usr_", user.as_str()).unwrap_or(-1)
    }

    pub(crate) fn session_no(&self, session: &SessionId) -> i64 {
        self.keys().reveal("ses_", session.as_str()).unwrap_or(-1)
    }
}

impl Keyed for PostgresStore {
    fn derive_key(&self, purpose: &str) -> [u8; 32] {
        self.keys().derive(purpose)
    }
}

/// Says at which database.
pub(crate) fn name_place(address: &Address, error: StoreError) -> StoreError {
    let message = format!("the database at {}: {error}", address.place());
    StoreError::new(error.kind(), message).with_source(error)
}

/// Reads the install secret; makes it on a new database. Whoever is first wins.
async fn read_keys(connections: &Pool) -> StoreResult<Keys> {
    let client = connections.get().await.map_err(pool)?;
    let query = "SELECT bytes FROM meta WHERE key = 'install_secret'";
    let mut row = client.query_opt(query, &[]).await.map_err(sql)?;
    if row.is_none() {
        let fresh: [u8; 32] = rand::random();
        let insert =
            "INSERT INTO meta (key, bytes) VALUES ('install_secret', $1) ON CONFLICT DO NOTHING";
        client.execute(insert, &[&&fresh[..]]).await.map_err(sql)?;
        row = client.query_opt(query, &[]).await.map_err(sql)?;
    }
    let bytes: Option<Vec<u8>> = row.and_then(|row| row.try_get(0).ok());
    let secret = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    secret
        .map(Keys::new)
        .ok_or_else(|| damaged("install secret"))
}
