//! The budget of request bytes that may be in flight: being read, decoded or committed.
//!
//! Taken byte by byte as bodies arrive, never waited for: who finds it full is told to come
//! again. One project may hold only a share of it, so that the loud one is refused first.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whose limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The whole server's: 503.
    Server,
    /// The project's share: 429.
    Project,
    /// A share that nobody else holds anything of: to come again does not help, 413.
    Request,
}

/// The bytes that one project holds.
#[derive(Debug, Default)]
pub struct Share(AtomicUsize);

/// All bytes in flight.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    limit: usize,
    share_limit: usize,
}

impl Budget {
    pub fn new(limit: usize, share_limit: usize) -> Budget {
        Budget {
            used: AtomicUsize::new(0),
            limit,
            share_limit,
        }
    }

    pub fn used_bytes(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// An empty reservation for a request of a project.
    pub fn open(self: &Arc<Budget>, share: Arc<Share>) -> Reservation {
        Reservation {
            budget: self.clone(),
            share,
            bytes: 0,
        }
    }
}

/// Bytes held by one request; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    share: Arc<Share>,
    bytes: usize,
}

impl Reservation {
    /// Takes more bytes, or nothing.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let most = self.budget.share_limit.min(self.budget.limit);
        if self.bytes.saturating_add(bytes) > most {
            return Err(Full::Request);
        }
        if !take(&self.share.0, bytes, self.budget.share_limit) {
            return Err(Full::Project);
        }
        if !take(&self.budget.used, bytes, self.budget.limit) {
            self.share.0.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Full::Server);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Grows to at least this many bytes.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), Full> {
        self.grow(bytes.saturating_sub(self.bytes))
    }

    /// Gives back what is above this many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.shrink(self.bytes.saturating_sub(bytes));
    }

    /// Gives some bytes back.
    pub fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.share.0.fetch_sub(bytes, Ordering::Relaxed);
        self.budget.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

fn take(used: &AtomicUsize, bytes: usize, limit: usize) -> bool {
    let before = used.fetch_add(bytes, Ordering::Relaxed);
    let fits = before.saturating_add(bytes) <= limit;
    if !fits {
        used.fetch_sub(bytes, Ordering::Relaxed);
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loud_project_is_refused_before_the_others() {
        let budget = Arc::new(Budget::new(100, 60));
        let (loud, quiet) = (Arc::new(Share::default()), Arc::new(Share::default()));
        let mut first = budget.open(loud.clone());
        first.grow(60).unwrap();
        assert_eq!(budget.open(loud.clone()).grow(1), Err(Full::Project));
        assert_eq!(first.grow(1), Err(Full::Request));
        assert_eq!(first.grow(usize::MAX), Err(Full::Request));
        let mut second = budget.open(quiet);
        second.grow_to(40).unwrap();
        second.grow_to(10).unwrap();
        assert_eq!(second.grow(1), Err(Full::Server));
        assert_eq!(budget.used_bytes(), 100);
        first.shrink(20);
        second.grow(20).unwrap();
        drop((first, second));
        assert_eq!(budget.used_bytes(), 0);
        assert_eq!(loud.0.load(Ordering::Relaxed), 0);
    }
}
