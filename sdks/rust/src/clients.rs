//! The clients of this process: the current one, and those before it, which send what belongs to them until the shutdown.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use crate::client::{Inner, Stats};
use crate::config::Config;
use crate::exit;
use crate::say::warn;

struct Clients {
    current: Option<Arc<Inner>>,
    before: Vec<Arc<Inner>>,
    /// Of those that nothing belongs to any more.
    gone: Stats,
    gone_events: Stats,
}

static CLIENTS: RwLock<Clients> = RwLock::new(Clients {
    current: None,
    before: Vec::new(),
    gone: Stats::NONE,
    gone_events: Stats::NONE,
});

impl Clients {
    fn list(&self) -> Vec<Arc<Inner>> {
        self.before.iter().chain(&self.current).cloned().collect()
    }

    fn is_current(&self, client: &Arc<Inner>) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| Arc::ptr_eq(current, client))
    }

    /// Of clients that nobody holds, no trace, thread or program, the counts are enough.
    fn forget_unused(&mut self) {
        let (gone, gone_events) = (&mut self.gone, &mut self.gone_events);
        self.before.retain(|client| {
            let waiting = client.stats().waiting + client.event_stats().waiting;
            let is_used = Arc::strong_count(client) > 1 || waiting > 0;
            if !is_used {
                gone.add(client.stats());
                gone_events.add(client.event_stats());
            }
            is_used
        });
    }
}

fn read() -> RwLockReadGuard<'static, Clients> {
    CLIENTS.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Clients> {
    CLIENTS.write().unwrap_or_else(PoisonError::into_inner)
}

/// The one that `init` made, else one that the environment alone describes.
pub(crate) fn get_client() -> Arc<Inner> {
    if let Some(client) = &read().current {
        return client.clone();
    }
    let made = || {
        exit::watch();
        Inner::new(Config::new())
    };
    write().current.get_or_insert_with(made).clone()
}

/// The current one's doings are those of all clients; one before acts for itself.
fn find_group(client: &Arc<Inner>) -> Vec<Arc<Inner>> {
    let clients = read();
    if clients.is_current(client) {
        clients.list()
    } else {
        vec![client.clone()]
    }
}

fn flush_all(clients: &[Arc<Inner>], timeout: Duration) -> bool {
    let started = Instant::now();
    let begun: Vec<_> = clients
        .iter()
        .filter_map(|client| client.begin_flush())
        .collect();
    let mut is_in_time = true;
    for flush in begun {
        is_in_time &= flush.wait(timeout.saturating_sub(started.elapsed()));
    }
    is_in_time
}

/// All send at the same time, so that one that cannot takes nothing from the others.
fn drain(clients: &[&Arc<Inner>], started: Instant, timeout: Duration) {
    let find_left = || timeout.saturating_sub(started.elapsed());
    let begin = |client: &&Arc<Inner>| client.begin_end(find_left());
    let begun: Vec<_> = clients.iter().map(begin).collect();
    for flush in begun {
        flush.wait(find_left());
    }
}

fn shut_down(clients: &[Arc<Inner>], timeout: Duration) {
    let started = Instant::now();
    let is_open = |client: &&Arc<Inner>| !client.is_closed();
    let open: Vec<_> = clients.iter().filter(is_open).collect();
    drain(&open, started, timeout);
    // What other threads have ended meanwhile was taken, and leaves, too.
    open.iter().for_each(|client| client.shut());
    drain(&open, started, timeout);
    let left: Vec<_> = open.iter().map(|client| client.close()).collect();
    let spans: u64 = left.iter().map(|(spans, _)| spans).sum();
    let events: u64 = left.iter().map(|(_, events)| events).sum();
    for (left, items) in [(spans, "spans"), (events, "events")] {
        if left > 0 {
            warn(&format!(
                "{left} {items} could not be sent before the end of the program"
            ));
        }
    }
}

/// The main thread ends, and nothing can be done later.
pub(crate) fn shut_down_at_exit() {
    let found = CLIENTS.try_read().ok().and_then(|clients| {
        let timeout = clients.current.as_ref()?.settings.shutdown_timeout;
        Some((clients.list(), timeout))
    });
    if let Some((clients, timeout)) = found {
        shut_down(&clients, timeout);
    }
}

/// Starts the SDK. Keep what it answers until the end of `main`: dropping it sends what waits.
///
/// ```no_run
/// let client = cognobserve_sdk::init(cognobserve_sdk::Config::new().api_key("co_sk_…"));
/// // … the program …
/// drop(client);
/// ```
///
/// Called again, it makes a new client. The one before sends what waits in the background, and still takes the spans of
/// the traces that began with it, until the new one is shut down.
pub fn init(config: Config) -> Client {
    exit::watch();
    let client = Inner::new(config);
    let before = {
        let mut clients = write();
        clients.forget_unused();
        let before = clients.current.replace(client.clone());
        clients.before.extend(before.clone());
        before
    };
    if let Some(before) = before {
        before.retire();
    }
    Client(client)
}

/// What [`init`] answers. Dropping it is [`shutdown`](Client::shutdown), unless `init` was called again since.
#[must_use = "dropped at once, it ends the recording at once: keep it until the end of main"]
pub struct Client(Arc<Inner>);

impl Client {
    /// Waits until what has ended or was tracked was dealt with, also by clients before; whether that was so in time.
    pub fn flush(&self, timeout: Duration) -> bool {
        flush_all(&find_group(&self.0), timeout)
    }

    /// What has become of the spans of this client so far; [`stats`] is the sum of all.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// What has become of the events of this client so far; [`event_stats`] is the sum of all.
    pub fn event_stats(&self) -> Stats {
        self.0.event_stats()
    }

    /// Sends what waits, for the shutdown timeout at the most, and takes nothing any more, nor do the clients before. If
    /// `init` was called again since, it is this client alone that ends.
    pub fn shutdown(&self) {
        shut_down(&find_group(&self.0), self.0.settings.shutdown_timeout);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let is_current = read().is_current(&self.0);
        if is_current {
            self.shutdown();
        }
    }
}

/// Waits until what has ended or was tracked was dealt with; whether that was so in time. It blocks: see [`flush_async`].
pub fn flush(timeout: Duration) -> bool {
    flush_all(&find_group(&get_client()), timeout)
}

/// Waits until what has ended or was tracked was dealt with, without blocking the executor. Give it a time-out of your executor's.
pub async fn flush_async() {
    let clients = find_group(&get_client());
    let begun: Vec<_> = clients
        .iter()
        .filter_map(|client| client.begin_flush())
        .collect();
    for flush in begun {
        flush.settle().await;
    }
}

/// Sends what waits, for the shutdown timeout at the most, and takes nothing any more.
pub fn shutdown() {
    let client = get_client();
    shut_down(&find_group(&client), client.settings.shutdown_timeout);
}

/// What has become of the spans so far, of all clients of this process.
pub fn stats() -> Stats {
    // One that the environment describes is as good as none: nothing was recorded yet.
    let clients = read();
    let mut sum = clients.gone;
    for client in clients.list() {
        sum.add(client.stats());
    }
    sum
}

/// What has become of the events so far, of all clients of this process.
pub fn event_stats() -> Stats {
    let clients = read();
    let mut sum = clients.gone_events;
    for client in clients.list() {
        sum.add(client.event_stats());
    }
    sum
}
