//! JSON at the door: one cleaning pass over the bytes, then values that stay text until somebody needs them.
//! Invariant: what follows `sanitize` is UTF-8, has no NUL, no lone surrogate and no nesting beyond `MAX_DEPTH`.
//! Nothing here may build a tree of values: payloads are kept as the client wrote them, token for token.

pub(crate) mod object;
mod raw;
mod sanitize;

pub use raw::{Kind, Raw};
pub use sanitize::{MAX_DEPTH, SanitizeError, Sanitized, sanitize};
