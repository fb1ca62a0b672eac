//! A provider's requests and answers, one file each: bodies that are sent, and what an answer says of each event.
//! Pure: sending, waiting and remembering are not done here.
pub mod amplitude;
pub mod batch;
pub mod posthog;
pub mod proxy;

use std::time::Duration;

/// A provider's answer, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    pub body: &'a [u8],
}

/// Why an event is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The provider says that the event is wrong.
    Invalid,
    /// It is too large even alone.
    TooLarge,
    /// The provider takes no more of its user or device today.
    OverQuota,
    /// The provider does not want it, and does not say why.
    Refused,
    /// Its developer wants nothing sent, and said so after it was stored.
    OptedOut,
    /// It left the log before it could be sent: too old, or erased with its user or project.
    Expired,
}

impl DropReason {
    pub const ALL: [DropReason; 6] = [
        DropReason::Invalid,
        DropReason::TooLarge,
        DropReason::OverQuota,
        DropReason::Refused,
        DropReason::OptedOut,
        DropReason::Expired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DropReason::Invalid => "invalid",
            DropReason::TooLarge => "too_large",
            DropReason::OverQuota => "over_quota",
            DropReason::Refused => "refused",
            DropReason::OptedOut => "opted_out",
            DropReason::Expired => "expired",
        }
    }
}

/// What becomes of a batch. Positions are those of its events, each at most once, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All are taken.
    Taken,
    /// Of some, why they are dropped; those `later` wait for this long; all others are sent again now.
    Narrowed {
        dropped: Vec<(usize, DropReason)>,
        later: Vec<usize>,
        wait: Duration,
    },
    /// The batch is halved; one event alone is dropped, for this reason.
    Halved(DropReason),
    /// All are sent again, no sooner than this.
    Again(Duration),
    /// As [`Verdict::Again`], and most likely until a setting changes, such as a key.
    Stopped(&'static str),
}

#[cfg(test)]
mod tests {
    use crate::route::Outgoing;
    use cognobserve_model::time::Micros;
    use serde_json::json;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    /// An event of somebody who is known.
    pub fn outgoing(primary_id: &str) -> Outgoing {
        Outgoing {
            id: Uuid::from_u128(7),
            name: "memory_created".to_owned(),
            primary_id: primary_id.to_owned(),
            is_anonymous: false,
            properties: json!({"type": "text"})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            at: Micros(1_767_225_600_123_456),
            dropped: BTreeSet::new(),
        }
    }
}
