//! What may leave of an event of product telemetry: under which id, with which properties, in which words.
//!
//! Pure: an event and the settings give the bytes that a provider would be sent. Whoever captures events names both
//! people, the developer and the end user, and knows nothing of editions; [`route`] alone decides.
#![forbid(unsafe_code)]

pub mod anonymise;
pub mod consent;
pub mod courier;
pub mod edition;
pub mod event;
pub mod pseudonym;
pub mod request;
pub mod route;
pub mod sink;
