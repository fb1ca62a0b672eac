//! What changes and deletions of several nouns share.
use crate::http::body::Fields;
use cognobserve_model::profile::MAX_METADATA_BYTES;
use cognobserve_model::report::Deleted;
use serde::Serialize;
use utoipa::ToSchema;

/// Longest name of a user or session.
pub const MAX_NAME_CHARS: usize = 255;

/// What a deletion took apart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deleted)]
pub struct DeletedOut {
    pub success: bool,
    /// Traces that stay, without the deleted thing.
    pub traces_unlinked: i64,
    pub sessions_unlinked: i64,
}

impl From<Deleted> for DeletedOut {
    fn from(deleted: Deleted) -> DeletedOut {
        DeletedOut {
            success: true,
            traces_unlinked: deleted.traces,
            sessions_unlinked: deleted.sessions,
        }
    }
}

/// Refuses metadata that would be too large once merged; the ledger would leave it out.
pub fn check_metadata_size(
    fields: &mut Fields,
    stored: &[(String, String)],
    added: &[(String, Option<String>)],
) {
    // The same sum as in the model's merge: quotes, colon and comma count.
    let size = |key: &str, value: usize| key.len() + value + 6;
    let kept = stored
        .iter()
        .filter(|(key, _)| !added.iter().any(|(new, _)| new == key));
    let kept: usize = kept.map(|(key, value)| size(key, value.len())).sum();
    let added: usize = added
        .iter()
        .map(|(key, value)| size(key, value.as_ref().map_or(0, String::len)))
        .sum();
    if kept + added > MAX_METADATA_BYTES {
        fields.refuse(
            "metadata",
            format!("would be larger than {} KiB", MAX_METADATA_BYTES >> 10),
        );
    }
}
