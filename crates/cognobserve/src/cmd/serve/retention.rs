//! Removes payloads and product events whose time has come, in the background, a stretch at a time.
//! Invariant: never longer than one stretch in the way of deliveries; a failure is logged and
//! tried again with the next round.
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_ports::{Events, Ledger, StoreError};
use std::sync::Arc;
use std::time::Duration;

const ROUND: Duration = Duration::from_secs(60);
/// Between two stretches, for deliveries.
const BREATH: Duration = Duration::from_millis(50);
/// Events of a stretch.
const STRETCH: usize = 1_000;

/// What may have expired.
struct Kept {
    ledger: Arc<dyn Ledger>,
    events: Arc<dyn Events>,
    event_days: u32,
}

#[derive(Clone, Copy)]
enum Kind {
    Payloads,
    Events,
}

impl Kept {
    /// Removes a stretch; how many rows went.
    async fn remove(&self, kind: Kind) -> Result<u64, StoreError> {
        let now = Micros::now();
        match kind {
            Kind::Payloads => self.ledger.remove_expired_payloads(now).await,
            Kind::Events => {
                let age = i64::from(self.event_days) * MICROS_PER_DAY;
                let before = Micros(now.0.saturating_sub(age));
                self.events.remove_events(before, STRETCH).await
            }
        }
    }

    /// Removes stretch by stretch until nothing is left to remove.
    async fn remove_all(&self, kind: Kind) -> u64 {
        let mut removed = 0;
        loop {
            match self.remove(kind).await {
                Ok(0) => return removed,
                Ok(count) => removed += count,
                Err(error) => {
                    tracing::warn!(%error, "cannot remove what has expired");
                    return removed;
                }
            }
            tokio::time::sleep(BREATH).await;
        }
    }
}

/// Runs until it is dropped. `event_days`: so long events are kept after they came in.
pub async fn keep_retention(ledger: Arc<dyn Ledger>, events: Arc<dyn Events>, event_days: u32) {
    let kept = Kept {
        ledger,
        events,
        event_days,
    };
    loop {
        for kind in [Kind::Payloads, Kind::Events] {
            let removed = kept.remove_all(kind).await;
            match kind {
                _ if removed == 0 => {}
                Kind::Payloads => tracing::info!(traces = removed, "removed expired payloads"),
                Kind::Events => tracing::info!(events = removed, "removed expired events"),
            }
        }
        tokio::time::sleep(ROUND).await;
    }
}
