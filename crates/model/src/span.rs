//! A span as the ledger keeps it: what its pieces said, merged field by field.
//!
//! Only what counts or is searched; inputs, outputs and metadata are payload and live
//! apart (see [`crate::piece::SpanPayload`]).
use crate::id::{ModelNo, SessionNo, UserNo};
use crate::stamp::Stamps;
use crate::time::{LONGEST_SPAN_MICROS, Micros};
use crate::usage::Usage;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($variant),+ }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
            /// Reads the word, any case.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str().eq_ignore_ascii_case(word))
            }
        }
    };
}
pub(crate) use words;

words!(
    /// How bad it was.
    Level { Debug = "DEBUG", Default = "DEFAULT", Warning = "WARNING", Error = "ERROR" }
);

words!(
    /// What a span is a step of.
    SpanKind {
        Span = "span", Event = "event", Generation = "generation", Embedding = "embedding",
        Agent = "agent", Tool = "tool", Chain = "chain", Retriever = "retriever",
        Reranker = "reranker", Guardrail = "guardrail", Evaluator = "evaluator",
    }
);

impl SpanKind {
    /// A call of a model; anything else only contains such calls.
    pub fn is_model_call(self) -> bool {
        matches!(
            self,
            SpanKind::Generation | SpanKind::Embedding | SpanKind::Reranker
        )
    }
}

/// What the client says that the span cost, in nano-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCost {
    pub input: Option<i64>,
    pub output: Option<i64>,
    /// `cost.total`
    pub total: Option<i64>,
    /// `total_cost`
    pub span_total: Option<i64>,
}

impl ClientCost {
    /// `cost.total`, else `total_cost`, else input + output; `None` if nothing was sent.
    pub fn nanos(&self) -> Option<i64> {
        self.total.or(self.span_total).or_else(|| {
            let any = self.input.is_some() || self.output.is_some();
            any.then(|| self.input.unwrap_or(0) + self.output.unwrap_or(0))
        })
    }
}

/// How a span came by its cost. Decided when what it depends on arrives, then kept:
/// a newer price book changes nothing by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pricing {
    /// No usage and no cost.
    #[default]
    Nothing,
    /// The client's own figure, nano-dollars.
    Client(i64),
    /// From the price book, nano-dollars.
    Book(i64),
    /// Tokens without a known price.
    Unpriced,
}

impl Pricing {
    pub fn nanos(self) -> Option<i64> {
        match self {
            Pricing::Client(n) | Pricing::Book(n) => Some(n),
            Pricing::Nothing | Pricing::Unpriced => None,
        }
    }

    /// `client`, `book`, `unpriced`, or nothing.
    pub fn source(self) -> Option<&'static str> {
        match self {
            Pricing::Nothing => None,
            Pricing::Client(_) => Some("client"),
            Pricing::Book(_) => Some("book"),
            Pricing::Unpriced => Some("unpriced"),
        }
    }
}

/// The bits by which [`Stamps`] names a span's fields.
pub mod field {
    pub const PARENT: u32 = 1;
    pub const APP_ROOT: u32 = 1 << 1;
    pub const NAME: u32 = 1 << 2;
    pub const KIND: u32 = 1 << 3;
    pub const LEVEL: u32 = 1 << 4;
    pub const STATUS: u32 = 1 << 5;
    pub const START: u32 = 1 << 6;
    pub const END: u32 = 1 << 7;
    pub const MODEL: u32 = 1 << 8;
    pub const RESPONSE: u32 = 1 << 9;
    pub const PROMPT: u32 = 1 << 10;
    pub const COMPLETION: u32 = 1 << 11;
    pub const TOTAL: u32 = 1 << 12;
    pub const CACHED: u32 = 1 << 13;
    pub const REASONING: u32 = 1 << 14;
    pub const CACHE_WRITE: u32 = 1 << 15;
    pub const COST_INPUT: u32 = 1 << 16;
    pub const COST_OUTPUT: u32 = 1 << 17;
    pub const COST_TOTAL: u32 = 1 << 18;
    pub const SPAN_COST: u32 = 1 << 19;
    pub const USER: u32 = 1 << 20;
    pub const SESSION: u32 = 1 << 21;
    pub const TRACE_NAME: u32 = 1 << 22;
}

/// One span, merged. Absent fields were never said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanState {
    pub id: Box<str>,
    pub parent: Option<Box<str>>,
    /// The client says that this span is the top of its app's part of the trace.
    pub app_root: bool,
    pub name: Option<Box<str>>,
    pub kind: Option<SpanKind>,
    pub level: Option<Level>,
    pub status_message: Option<Box<str>>,
    pub start: Option<Micros>,
    pub end: Option<Micros>,
    pub model: Option<ModelNo>,
    pub response_id: Option<Box<str>>,
    pub usage: Usage,
    pub client_cost: ClientCost,
    /// The user that this span names; which one the trace takes is decided in `trace`.
    pub user: Option<UserNo>,
    pub session: Option<SessionNo>,
    /// A name for the whole trace.
    pub trace_name: Option<Box<str>>,
    pub pricing: Pricing,
    pub stamps: Stamps,
}

impl SpanState {
    pub fn is_error(&self) -> bool {
        self.level == Some(Level::Error)
    }

    pub fn is_model_call(&self) -> bool {
        self.kind.unwrap_or(SpanKind::Span).is_model_call()
    }

    /// Whether the span says anything of tokens or cost.
    pub fn has_usage(&self) -> bool {
        self.usage.is_given() || self.client_cost.nanos().is_some()
    }

    /// Duration in µs; `None` if not ended, ended before it started, or over 30 days.
    pub fn duration_micros(&self) -> Option<i64> {
        duration_micros(self.start, self.end)
    }

    /// The time at which the span is priced; `trace_time` where it has no duration.
    pub fn price_time(&self, trace_time: Micros) -> Micros {
        price_time(self.start, self.end, trace_time)
    }
}

fn duration_micros(start: Option<Micros>, end: Option<Micros>) -> Option<i64> {
    let duration = end?.0.checked_sub(start?.0)?;
    (0..=LONGEST_SPAN_MICROS)
        .contains(&duration)
        .then_some(duration)
}

/// [`SpanState::price_time`] of a span that began and ended so.
pub fn price_time(start: Option<Micros>, end: Option<Micros>, trace_time: Micros) -> Micros {
    match (start, end) {
        (Some(start), None) => start,
        (Some(start), Some(_)) if duration_micros(Some(start), end).is_some() => start,
        _ => trace_time,
    }
}
