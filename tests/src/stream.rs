//! PostgreSQL behind a queue on Redis meets the suite that every store meets: what is booked
//! goes through the queue, and two workers book it as it comes to them.
use async_trait::async_trait;
use cognobserve_model::piece::Batch;
use cognobserve_ports::conformance::people::Rolls;
use cognobserve_ports::conformance::{Answers, Intake, Made};
use cognobserve_ports::{Committed, Delivery, Ledger, Queue, Refusal, StoreError};
use cognobserve_postgres::PostgresStore;
use cognobserve_redis::{RedisQueue, Settings};
use cognobserve_registry::{EventLog, Registry};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

const WORKERS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(60);

cognobserve_ports::conformance_tests!(stream, crate::stream::make_store);

mod people {
    cognobserve_ports::people_tests!(stream, crate::stream::make_rolls);
}

mod property {
    mod stream {
        use crate::stream::make_store;

        cognobserve_ports::property_tests!(
            worlds run_property(75, make_store)
            w01 = 2001, w02 = 2002, w03 = 2003, w04 = 2004
        );
        cognobserve_ports::property_tests!(
            logs run_event_property(40, make_store)
            l01 = 2201
        );
        cognobserve_ports::property_tests!(
            orders run_order_property(25, make_store)
            o01 = 2101, o02 = 2102
        );
    }
}

async fn make_store() -> Made {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = cognobserve_postgres::Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    let store = Arc::new(store.expect("the store opens"));
    let settings = Settings {
        prefix: schema.name().to_owned(),
        partitions: 4,
        // So that the second worker has its share soon.
        lease_time: Duration::from_secs(1),
        ..Settings::new(cognobserve_servers::redis().url())
    };
    let open = async || RedisQueue::open(settings.clone()).await;
    let told = Arc::new(Told::default());
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let queue = open().await.expect("the queue opens");
        let worker = work(queue, Arc::clone(&store), Arc::clone(&told));
        workers.push(tokio::spawn(worker));
    }
    let queue = open().await.expect("the queue opens");
    let intake = Arc::new(Stream { queue, told });
    let events = Arc::new(EventLog::new((*store).clone()));
    Made::behind(intake, store, events, (Workers(workers), schema))
}

/// The queue carries nothing of these.
async fn make_rolls() -> Rolls {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = cognobserve_postgres::Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    let store = store.expect("the store opens");
    Rolls::new(Registry::new(store.clone()), Arc::new(store), schema)
}

struct Workers(Vec<JoinHandle<()>>);

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Books what the queue delivers, until it is aborted.
async fn work(queue: RedisQueue, store: Arc<PostgresStore>, told: Arc<Told>) {
    loop {
        let deliveries = queue.pull(5000, Duration::from_millis(500)).await;
        let deliveries = deliveries.expect("the queue delivers");
        if deliveries.is_empty() {
            continue;
        }
        let batches = deliveries.iter().map(|one| one.batch.clone()).collect();
        let answers = store.commit(batches).await.expect("the group is booked");
        let ids: Vec<_> = deliveries.iter().map(|one| one.id.clone()).collect();
        queue.acknowledge(&ids).await.expect("it is acknowledged");
        told.tell(&deliveries, answers);
    }
}

/// Project, trace and arrival.
type Name = (String, String, i64);

fn list_names(batch: &Batch) -> impl Iterator<Item = Name> {
    let project = batch.project.as_str();
    let pieces = batch.pieces.iter();
    pieces.map(move |piece| (project.into(), piece.trace_id.to_string(), piece.arrival.0))
}

/// What became of each piece: it comes back in another batch than it was pushed in.
#[derive(Default)]
struct Told {
    answers: Mutex<HashMap<Name, VecDeque<Result<Committed, Refusal>>>>,
    news: tokio::sync::Notify,
}

impl Told {
    fn tell(&self, deliveries: &[Delivery], answers: Answers) {
        let mut all = self.answers.lock().expect("nobody panicked");
        for (delivery, answer) in deliveries.iter().zip(answers) {
            for name in list_names(&delivery.batch) {
                all.entry(name).or_default().push_back(answer.clone());
            }
        }
        drop(all);
        self.news.notify_waiters();
    }

    fn take(&self, name: &Name) -> Option<Result<Committed, Refusal>> {
        let mut all = self.answers.lock().expect("nobody panicked");
        all.get_mut(name)?.pop_front()
    }

    async fn wait(&self, name: &Name) -> Result<Committed, Refusal> {
        loop {
            // Before the look, so that no news is missed.
            let news = self.news.notified();
            if let Some(answer) = self.take(name) {
                return answer;
            }
            news.await;
        }
    }
}

struct Stream {
    queue: RedisQueue,
    told: Arc<Told>,
}

#[async_trait]
impl Intake for Stream {
    async fn book(&self, group: Vec<Batch>) -> Result<Answers, StoreError> {
        for batch in &group {
            self.queue.push(batch).await?;
        }
        let mut answers = Vec::new();
        for batch in &group {
            let mut refusal = None;
            let mut refused_spans = BTreeMap::new();
            for name in list_names(batch) {
                let answer = tokio::time::timeout(PATIENCE, self.told.wait(&name)).await;
                match answer.expect("every piece is booked or refused") {
                    Ok(committed) => refused_spans.extend(committed.refused_spans),
                    Err(why) => refusal = Some(why),
                }
            }
            let refused_spans = refused_spans.into_iter().collect();
            answers.push(refusal.map_or(Ok(Committed { refused_spans }), Err));
        }
        Ok(answers)
    }

    fn keeps_groups(&self) -> bool {
        false
    }
}
