//! What rooms of this crate tell each other without waiting: whether anything may be captured and sent, and that
//! there is something new in the log.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Whether consent holds, as it was last read. Clones are one gate.
#[derive(Clone, Debug)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    pub fn new(is_open: bool) -> Gate {
        Gate(Arc::new(AtomicBool::new(is_open)))
    }

    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, is_open: bool) {
        self.0.store(is_open, Ordering::Relaxed);
    }
}

/// Wakes whoever reads the log. Clones are one bell.
#[derive(Clone, Debug)]
pub struct Bell(Arc<watch::Sender<()>>);

impl Default for Bell {
    fn default() -> Bell {
        Bell(Arc::new(watch::Sender::new(())))
    }
}

impl Bell {
    /// There is something new.
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    /// Hears every ring from now on, also one that comes while nobody waits.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
