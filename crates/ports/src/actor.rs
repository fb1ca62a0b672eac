//! Who makes a change, as the audit log names them: the one answer for every port.
use cognobserve_model::id::{AccountId, KeyId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with the store at hand: the command line.
    Operator,
    /// Somebody who is logged in.
    Account(AccountId),
    /// A program with an API key.
    Key(KeyId),
}

impl Actor {
    /// `operator`, or the id of the account or the key; no personal data.
    pub fn as_str(&self) -> &str {
        match self {
            Actor::Operator => "operator",
            Actor::Account(id) => id.as_str(),
            Actor::Key(id) => id.as_str(),
        }
    }
}
