//! Sends what is in the log: one task for each sink, so that a dead one slows nobody. A sink is served by one process
//! at a time, which holds a lease; how far it is stands in the store, so that any other can go on.
//!
//! What an answer means is [`crate::courier`]'s; here are the clock, the network and the store.
pub mod counts;
mod known;
pub mod transport;
mod worker;

pub use counts::Counts;
pub use known::Developers;

use crate::gate::{Bell, Gate};
use crate::request::Sink;
use crate::route::{Installation, is_identified};
use cognobserve_ports::Events;
use known::Known;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use transport::Transport;
use uuid::Uuid;
use worker::Worker;

/// Everything that sinks share.
#[derive(Clone)]
pub struct Delivery {
    pub events: Arc<dyn Events>,
    pub installation: Arc<Installation>,
    pub transport: Arc<dyn Transport>,
    pub developers: Arc<dyn Developers>,
    pub gate: Gate,
    pub bell: Bell,
    pub counts: Arc<Counts>,
    /// Who serves, unlike any other process over the same store.
    pub holder: String,
}

/// A name for this process that no other has.
pub fn make_holder() -> String {
    Uuid::new_v4().to_string()
}

/// Sinks that are being served.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Delivery {
    /// Must be called within a tokio runtime.
    pub fn start(self, sinks: Vec<Sink>) -> Running {
        let (stop, stopped) = watch::channel(false);
        let tasks = sinks.into_iter().map(|sink| {
            let names_people = is_identified(self.installation.edition, sink.provider);
            let developers = names_people.then(|| self.developers.clone());
            let worker = Worker::new(sink, self.clone(), Known::new(developers));
            tokio::spawn(worker.run(stopped.clone()))
        });
        Running {
            tasks: tasks.collect(),
            stop,
        }
    }
}

impl Running {
    /// Ends all sinks; what is on its way may be answered until the deadline. What was not sent stays in the log.
    pub async fn shutdown(self, deadline: Duration) {
        self.stop.send_replace(true);
        let end = tokio::time::Instant::now() + deadline;
        for mut task in self.tasks {
            if tokio::time::timeout_at(end, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}
