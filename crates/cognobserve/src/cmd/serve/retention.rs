//! Removes payloads whose time has come, in the background, a stretch at a time.
//! Invariant: never longer than one stretch in the way of deliveries; a failure is logged and
//! tried again with the next round.
use cognobserve_model::time::Micros;
use cognobserve_ports::Ledger;
use std::sync::Arc;
use std::time::Duration;

const ROUND: Duration = Duration::from_secs(60);
/// Between two stretches, for deliveries.
const BREATH: Duration = Duration::from_millis(50);

/// Runs until it is dropped.
pub async fn keep_retention(ledger: Arc<dyn Ledger>) {
    loop {
        let mut removed = 0;
        loop {
            match ledger.remove_expired_payloads(Micros::now()).await {
                Ok(0) => break,
                Ok(count) => removed += count,
                Err(error) => {
                    tracing::warn!(%error, "cannot remove expired payloads");
                    break;
                }
            }
            tokio::time::sleep(BREATH).await;
        }
        if removed > 0 {
            tracing::info!(traces = removed, "removed expired payloads");
        }
        tokio::time::sleep(ROUND).await;
    }
}
