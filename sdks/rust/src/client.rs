//! A client: settings, what waits, and one thread that sends it.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::barrier::Barrier;
use crate::buffer::{Buffer, Limits};
use crate::config::{Config, Content, Settings};
use crate::deadlines::{self, Deadlines};
use crate::delivery::Delivery;
use crate::encode::{self, Written, write};
use crate::exit;
use crate::say::{self, harmless, lock, say, warn};
use crate::span_data::SpanData;
use crate::trace::TraceData;

/// What has become of the spans so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Taken by the server.
    pub sent: u64,
    /// Lost: the queue was full, the server could not be reached, or would not have them at all.
    pub dropped: u64,
    /// Refused by the server one by one, with a reason that was warned about.
    pub refused: u64,
    /// Ended, and not sent yet.
    pub waiting: u64,
}

pub(crate) struct Inner {
    pub(crate) settings: Arc<Settings>,
    buffer: Buffer,
    delivery: Delivery,
    deadlines: Deadlines,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Inner {
    fn new(config: Config) -> Arc<Self> {
        say::begin(config.is_debug(), config.listener.clone());
        let settings = Arc::new(config.into_settings());
        say(|| match settings.is_recording {
            true => format!("sends to {}", settings.endpoint),
            false => "records nothing".to_owned(),
        });
        let limits = Limits {
            queue: settings.max_queue_size,
            batch: settings.max_batch_size,
            interval: settings.flush_interval,
        };
        let delivery = Delivery::new(settings.clone());
        Arc::new(Self {
            buffer: Buffer::new(limits),
            delivery,
            deadlines: Deadlines::default(),
            thread: Mutex::new(None),
            settings,
        })
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.settings.is_recording
    }

    pub(crate) fn captures_content(&self) -> bool {
        self.settings.is_recording && self.settings.capture_content
    }

    /// The most that is looked at of an input or output: a mask sees all of it.
    pub(crate) fn most_content(&self) -> usize {
        if self.settings.mask.is_some() {
            encode::MOST_READ
        } else {
            encode::MAX_BYTES
        }
    }

    /// An input or output as it is sent; `None` if it is not.
    pub(crate) fn make_content(&self, written: Written, what: Content) -> Option<Vec<u8>> {
        if !self.captures_content() {
            return None;
        }
        let Some(mask) = &self.settings.mask else {
            return written.into_content();
        };
        let plain = match written.parse() {
            Some(Value::Null) => return None,
            Some(plain) => plain,
            // What the mask cannot see whole is not sent.
            None => return Some(encode::encode("[truncated]")),
        };
        let masked =
            harmless("the mask", || mask(plain, what)).unwrap_or_else(|| Value::from("[masked]"));
        write(&masked, encode::MAX_BYTES).into_content()
    }

    pub(crate) fn take_span(self: &Arc<Self>, span: &Arc<SpanData>) {
        if self.is_recording() && self.buffer.add_span(span) {
            self.start_thread();
        }
    }

    pub(crate) fn take_trace(self: &Arc<Self>, trace: &Arc<TraceData>) {
        if self.is_recording() && self.buffer.end_trace(trace) {
            self.start_thread();
        }
    }

    /// In immediate mode: what to wait for after a trace has ended, with `settle_sync` or after `limit`.
    pub(crate) fn settle(&self) -> Option<Barrier> {
        (self.settings.is_immediate && self.is_recording()).then(|| self.buffer.add_barrier())
    }

    /// Waits until an ended trace was sent, not longer than the end of a program would.
    pub(crate) fn settle_sync(self: &Arc<Self>, barrier: Option<Barrier>) {
        let Some(barrier) = barrier else {
            return;
        };
        if !self.wait(&barrier, Some(self.settings.shutdown_timeout)) {
            deadlines::warn_late();
        }
    }

    /// Lets a barrier that is awaited pass after as long as the end of a program may take.
    pub(crate) fn limit(self: &Arc<Self>, barrier: &Barrier) {
        if self.start_thread() {
            let timeout = self.settings.shutdown_timeout;
            self.deadlines.add(barrier, timeout);
        } else {
            deadlines::give_up(barrier);
        }
    }

    /// In immediate mode: an ended trace leaves now, and nobody waits.
    pub(crate) fn settle_unwaited(&self) {
        if self.settings.is_immediate && self.is_recording() {
            self.buffer.hasten();
        }
    }

    /// Whether the barrier was passed in time.
    fn wait(self: &Arc<Self>, barrier: &Barrier, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let step = Duration::from_secs(1);
        loop {
            if !self.start_thread() {
                self.run(false, until);
            }
            let left = until.map_or(step, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if barrier.wait(left.min(step)) {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    fn flush(self: &Arc<Self>, timeout: Option<Duration>) -> bool {
        if !self.is_recording() || self.buffer.is_closed() {
            return true;
        }
        self.wait(&self.buffer.add_barrier(), timeout)
    }

    fn shutdown(self: &Arc<Self>, timeout: Duration) {
        if self.buffer.is_closed() {
            return;
        }
        if self.is_recording() && (self.stats().waiting > 0 || !self.buffer.is_empty()) {
            let started = Instant::now();
            self.delivery.hurry(timeout);
            self.flush(Some(timeout.saturating_sub(started.elapsed())));
        }
        let left = self.buffer.close();
        let left = left + self.delivery.stop(self.buffer.counts().taken);
        if left > 0 {
            warn(&format!(
                "{left} spans could not be sent before the end of the program"
            ));
        }
    }

    fn stats(&self) -> Stats {
        // In this order: what is settled in between still waits in this answer, and nothing is counted twice.
        let fates = self.delivery.fates();
        let counts = self.buffer.counts();
        Stats {
            sent: fates.sent,
            dropped: fates.dropped + counts.dropped,
            refused: fates.refused,
            waiting: (counts.waiting + counts.taken).saturating_sub(fates.sum()),
        }
    }

    /// Whether there is one that sends.
    fn start_thread(self: &Arc<Self>) -> bool {
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return true;
        }
        let client = self.clone();
        let started = thread::Builder::new()
            .name("cognobserve".into())
            .spawn(move || client.run(true, None));
        *thread = started.ok();
        thread.is_some()
    }

    fn run(&self, waits: bool, until: Option<Instant>) {
        while let Some(batch) = self.buffer.take(waits) {
            self.delivery.deliver(&batch, until);
            if until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
        }
    }
}

static CURRENT: RwLock<Option<Arc<Inner>>> = RwLock::new(None);

/// The one that `init` made, else one that the environment alone describes.
pub(crate) fn get_client() -> Arc<Inner> {
    if let Some(client) = &*CURRENT.read().unwrap_or_else(PoisonError::into_inner) {
        return client.clone();
    }
    let mut current = CURRENT.write().unwrap_or_else(PoisonError::into_inner);
    let made = || {
        exit::watch();
        Inner::new(Config::new())
    };
    current.get_or_insert_with(made).clone()
}

/// The main thread ends, and nothing can be done later.
pub(crate) fn shut_down_at_exit() {
    let current = CURRENT.try_read().ok().and_then(|client| client.clone());
    if let Some(client) = current {
        client.shutdown(client.settings.shutdown_timeout);
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
/// Called again, it makes a new client; what waits in the one before is sent in the background.
pub fn init(config: Config) -> Client {
    exit::watch();
    let client = Inner::new(config);
    let before = CURRENT
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(client.clone());
    if let Some(before) = before.filter(|before| !before.buffer.is_closed()) {
        let timeout = before.settings.shutdown_timeout;
        drop(
            thread::Builder::new()
                .name("cognobserve-end".into())
                .spawn(move || before.shutdown(timeout)),
        );
    }
    Client(client)
}

/// What [`init`] answers. Dropping it is [`shutdown`](Client::shutdown).
#[must_use = "dropped at once, it ends the recording at once: keep it until the end of main"]
pub struct Client(Arc<Inner>);

impl Client {
    /// Waits until what has ended was dealt with; whether that was so in time.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.0.flush(Some(timeout))
    }

    /// What has become of the spans so far.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// Sends what waits, for the shutdown timeout at the most, and takes nothing any more.
    pub fn shutdown(&self) {
        self.0.shutdown(self.0.settings.shutdown_timeout);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Waits until what has ended was dealt with; whether that was so in time. It blocks: see [`flush_async`].
pub fn flush(timeout: Duration) -> bool {
    get_client().flush(Some(timeout))
}

/// Waits until what has ended was dealt with, without blocking the executor. Give it a time-out of your executor's.
pub async fn flush_async() {
    let client = get_client();
    if client.is_recording() {
        let barrier = client.buffer.add_barrier();
        // Without a thread that sends there is nothing to wait for.
        if client.start_thread() {
            barrier.await;
        }
    }
}

/// Sends what waits, for the shutdown timeout at the most, and takes nothing any more.
pub fn shutdown() {
    let client = get_client();
    client.shutdown(client.settings.shutdown_timeout);
}

/// What has become of the spans so far.
pub fn stats() -> Stats {
    get_client().stats()
}
