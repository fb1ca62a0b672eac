//! One-time links: made for somebody, shown once to whoever passes them on.
use super::enter::end_after;
use super::secret::Issued;
use cognobserve_model::people::LinkKind;
use cognobserve_ports::{Actor, NewLink, People, StoreError};
use std::time::Duration;

/// How long a link works.
pub const LINK_LASTS: Duration = Duration::from_secs(30 * 60);

/// Keeps a new link; its URL, for one pair of eyes. `NotFound`: no such workspace or account.
pub async fn make_link(
    people: &dyn People,
    public_url: &str,
    kind: LinkKind,
    by: &Actor,
) -> Result<String, StoreError> {
    let secret = Issued::generate();
    let link = NewLink {
        hash: secret.hash(),
        kind,
        expires: end_after(LINK_LASTS),
    };
    people.create_link(link, by).await?;
    Ok(format!("{public_url}/link/{}", secret.reveal()))
}
