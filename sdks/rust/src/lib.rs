//! Who uses your AI app, what they cost, and what went wrong for them: the SDK of CognObserve, a ledger of end users
//! that you host yourself.
//!
//! Nothing in here panics into your app or waits for the network, save [`flush`], [`shutdown`], the drop of
//! [`Client`] and immediate mode. Nothing is sampled; what is lost is counted in [`stats`].
#![doc = concat!("\n```no_run\n", include_str!("../examples/quick_start.rs"), "```")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answers;
mod barrier;
mod buffer;
mod call;
mod client;
mod clients;
mod config;
mod deadlines;
mod delivery;
mod encode;
mod event_queue;
mod exit;
mod flush;
mod http;
mod ids;
mod kind;
mod lane;
#[cfg(feature = "tracing")]
mod layer;
mod observe;
mod outcome;
mod queue;
mod retry;
mod row;
mod say;
mod scope;
mod scoped;
mod span;
mod span_data;
mod stream;
mod time;
mod told;
mod trace;
mod track;
mod usage;
mod user;
mod wire;

pub use call::{Observe, log};
pub use client::Stats;
pub use clients::{Client, event_stats, flush, flush_async, init, shutdown, stats};
pub use config::{Config, Content};
#[cfg(feature = "tracing")]
pub use layer::TracingLayer;
pub use observe::{
    current_span, current_trace, observe, observe_sync, observe_sync_with, observe_with, trace,
    trace_sync,
};
pub use outcome::{Outcome, Teller, Untold};
pub use scope::{get_user, set_user};
pub use scoped::{
    InScope, ScopeExt, in_current_scope, with_session, with_session_sync, with_user, with_user_sync,
};
pub use span::Span;
pub use stream::{ObservedStream, observe_stream};
pub use trace::{Trace, start_trace};
pub use track::{Event, track};
pub use usage::{Cost, Level, Usage};
pub use user::{User, Who};
