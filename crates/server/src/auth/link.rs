//! One-time links: made for somebody, shown once to whoever passes them on.
use super::enter::end_after;
use super::secret::Issued;
use cognobserve_model::people::LinkKind;
use cognobserve_ports::{Actor, ErrorKind, MemberRefusal, NewLink, People, StoreError};
use std::time::Duration;

/// How long a link works.
pub const LINK_LASTS: Duration = Duration::from_secs(30 * 60);

/// Keeps a new link; its URL, for one pair of eyes. `NotFound`: no such workspace or account.
/// Refused as [`People::create_link`] refuses it.
pub async fn make_link(
    people: &dyn People,
    public_url: &str,
    kind: LinkKind,
    by: &Actor,
) -> Result<Result<String, MemberRefusal>, StoreError> {
    let secret = Issued::generate();
    let link = NewLink {
        hash: secret.hash(),
        kind,
        expires: end_after(LINK_LASTS),
    };
    let made = people.create_link(link, by).await?;
    Ok(made.map(|()| format!("{public_url}/link/{}", secret.reveal())))
}

/// The same by the operator, who is refused nothing.
pub async fn make_operators_link(
    people: &dyn People,
    public_url: &str,
    kind: LinkKind,
) -> Result<String, StoreError> {
    let made = make_link(people, public_url, kind, &Actor::Operator).await?;
    made.map_err(|_| StoreError::new(ErrorKind::Internal, "a link of the operator was refused"))
}
