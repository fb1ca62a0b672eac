//! Bookkeeping that the stores of the ledger share: what a transaction gathers before it is
//! written, and the forms in which things are kept. No input or output, no store's language.
#![forbid(unsafe_code)]

pub mod activity;
pub mod bodies;
pub mod chart;
pub mod costs;
pub mod key_use;
pub mod keys;
pub mod moving;
pub mod objects;
pub mod order;
pub mod period;
pub mod postings;
pub mod repricing;
pub mod seen;
pub mod shown;
pub mod staged;
pub mod told;
pub mod user_days;
pub mod verification;

use cognobserve_ports::{ErrorKind, StoreError};

/// Stored bytes that do not read back: a defect or a damaged store.
pub fn damaged(what: &str) -> StoreError {
    StoreError::new(
        ErrorKind::Internal,
        format!("the stored {what} does not read back"),
    )
}
