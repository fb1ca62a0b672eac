//! The nouns of the ledger and the rules that decide every number.
//!
//! Pure: no async, no SQL, no HTTP, no clock. A store feeds [`piece::Piece`]s to
//! [`trace::TraceState`], takes [`facts::Facts`] out, and books the difference of
//! two `Facts` into its rollups. Every back end shares this code, so that two
//! stores cannot disagree about what a trace counts.
#![forbid(unsafe_code)]

pub mod account;
pub mod bloom;
pub mod counting;
pub mod event;
pub mod facts;
pub mod histogram;
pub mod id;
pub mod measures;
pub mod money;
pub mod payload;
pub mod people;
pub mod piece;
pub mod price;
pub mod profile;
pub mod query;
pub mod report;
pub mod span;
pub mod stamp;
pub mod time;
pub mod trace;
pub mod usage;
pub mod weight;
