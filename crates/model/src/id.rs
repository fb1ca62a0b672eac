//! Identifiers as types, so that a user cannot be passed where a session is meant.
//!
//! Text ids are what clients and API callers see; `*No` numbers are the ledger's
//! own surrogate keys, given once by a store and never reused.
use serde::{Deserialize, Serialize};
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);
        impl $name {
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub i64);
    };
}

text_id!(
    /// One AI app in a workspace, `prj_…`. Every port call takes one.
    ProjectId
);
text_id!(
    /// A tracked user's id as the API shows it, `usr_…`; opaque.
    UserId
);
text_id!(
    /// A session's id as the API shows it, `ses_…`; opaque.
    SessionId
);
text_id!(
    /// The owner of a workspace, `dev_…`.
    DeveloperId
);
text_id!(
    /// Somebody who may log in, `acc_…`.
    AccountId
);
text_id!(
    /// A browser that is logged in, `log_…`; never what its cookie says.
    LoginId
);
text_id!(
    /// A session token's public id, `tok_…`; never the token itself.
    TokenId
);
text_id!(
    /// An API key's public id, `key_…`; never the key itself.
    KeyId
);

number_id!(
    /// The ledger's number of a tracked user. `UserNo::NOBODY` books what is unattributed.
    UserNo
);
number_id!(
    /// The ledger's number of a session. `SessionNo(0)`: none.
    SessionNo
);
number_id!(
    /// The ledger's number of a model name within a project. `ModelNo::NONE`: a span without a model.
    ModelNo
);
number_id!(
    /// The ledger's number of a trace, given in order of first arrival.
    TraceNo
);

impl UserNo {
    /// The unattributed side of the books: traces without a user.
    pub const NOBODY: UserNo = UserNo(0);
}

impl SessionNo {
    /// Traces without a session.
    pub const NONE: SessionNo = SessionNo(0);
}

impl ModelNo {
    /// Spans without a model.
    pub const NONE: ModelNo = ModelNo(0);
}

/// Longest client-given trace, span or session id, in bytes.
pub const MAX_ID_BYTES: usize = 255;
/// Longest external user id, in characters after trimming.
pub const MAX_USER_ID_CHARS: usize = 255;
/// Most spans that one trace may hold.
pub const MAX_SPANS_PER_TRACE: usize = 50_000;
