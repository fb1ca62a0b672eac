//! What may leave of an event of product telemetry: under which id, with which properties, in which words; and its way
//! from the call to a provider.
//!
//! The rules are pure: an event and the settings give the bytes that a provider would be sent. Only [`capture`] and
//! [`delivery`] have a clock, a store and a network. Whoever captures events names both people, the developer and the
//! end user, and knows nothing of editions; [`route`] alone decides.
#![forbid(unsafe_code)]

pub mod anonymise;
pub mod capture;
pub mod consent;
pub mod courier;
pub mod delivery;
pub mod edition;
pub mod event;
pub mod explain;
pub mod foreign;
pub mod gate;
pub mod pseudonym;
pub mod request;
pub mod route;
pub mod sink;
pub mod stored;
