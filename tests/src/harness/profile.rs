//! What stands behind the servers of a run: `COGNOBSERVE_TEST_PROFILE` is `embedded`, the
//! default, `postgres`, or `stream` (PostgreSQL and Redis). The stories are the same.
use cognobserve_ports::Queue;
use cognobserve_redis::{RedisQueue, Settings};
use cognobserve_servers::{PostgresServer, Schema};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(180);

/// A store (and a queue) that one server, started and stopped as often as it likes, has to itself.
#[derive(Clone, Default)]
pub struct Backing {
    store: Option<Arc<TestStore>>,
    queue: Option<Arc<TestQueue>>,
}

struct TestStore {
    schema: Schema,
    url: String,
}

impl TestStore {
    #[track_caller]
    fn make(server: &PostgresServer) -> TestStore {
        let schema = server.make_schema();
        // So that its connections can be told from those of other tests.
        let url = format!("{}&application_name={}", schema.url(), schema.name());
        TestStore { schema, url }
    }
}

struct TestQueue {
    url: String,
    prefix: String,
    runtime: tokio::runtime::Runtime,
    queue: RedisQueue,
}

impl Backing {
    /// As the run's profile says.
    #[track_caller]
    pub fn of_profile() -> Backing {
        let profile = std::env::var("COGNOBSERVE_TEST_PROFILE").unwrap_or_default();
        let server = cognobserve_servers::postgres;
        match profile.as_str() {
            "" | "embedded" => Backing::default(),
            "postgres" => Backing {
                store: Some(Arc::new(TestStore::make(server()))),
                queue: None,
            },
            "stream" => Backing::of_stream(server(), cognobserve_servers::redis().url()),
            other => panic!("there is no profile {other:?}"),
        }
    }

    /// A store on a PostgreSQL server and a queue on the Redis server with this URL.
    #[track_caller]
    pub fn of_stream(server: &PostgresServer, redis: &str) -> Backing {
        let store = TestStore::make(server);
        let prefix = store.schema.name().to_owned();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime starts");
        let settings = Settings {
            prefix: prefix.clone(),
            ..Settings::new(redis)
        };
        let queue = runtime.block_on(RedisQueue::open(settings));
        Backing {
            store: Some(Arc::new(store)),
            queue: Some(Arc::new(TestQueue {
                url: redis.to_owned(),
                prefix,
                runtime,
                queue: queue.expect("the queue opens"),
            })),
        }
    }

    /// Whether something stands between door and ledger.
    pub fn has_queue(&self) -> bool {
        self.queue.is_some()
    }

    /// What the environment of a command must say to find store and queue.
    pub fn settings(&self) -> Vec<(&'static str, &str)> {
        let mut settings = Vec::new();
        if let Some(store) = &self.store {
            settings.push(("COGNOBSERVE_DATABASE_URL", store.url.as_str()));
        }
        if let Some(queue) = &self.queue {
            settings.push(("COGNOBSERVE_QUEUE_URL", queue.url.as_str()));
            settings.push(("COGNOBSERVE_QUEUE_PREFIX", queue.prefix.as_str()));
        }
        settings
    }

    pub fn database_url(&self) -> Option<&str> {
        self.store.as_ref().map(|store| store.url.as_str())
    }

    /// Ends every connection that a server has to the database.
    pub fn cut_connections(&self) {
        if let Some(store) = &self.store {
            let name = store.schema.name();
            store.schema.execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
            ));
        }
    }

    /// Waits until all that was acknowledged is booked.
    #[track_caller]
    pub fn settle(&self) {
        if let Some(it) = &self.queue {
            let empty = it.runtime.block_on(it.queue.wait_until_empty(PATIENCE));
            assert!(
                empty.expect("the queue answers"),
                "the queue is not emptied"
            );
        }
    }
}
