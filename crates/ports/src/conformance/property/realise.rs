//! From indices to pieces: the small domains in which worlds are drawn.
//!
//! Times stand on and beside the edges of quarters, days and zones' days. Where a world
//! erases somebody, the order of erased ids is nobody's business: there, times of
//! different traces never tie, and nothing depends on the order of span ids.
use super::plan::{PiecePlan, ProfilePlan, SessionPlan, SpanPlan, Step, World};
use cognobserve_model::piece::{Piece, SessionPart, SpanPart, SpanPayload};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::span::{ClientCost, Level, SpanKind};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{LONGEST_SPAN_MICROS, MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};
use cognobserve_model::usage::Usage;

pub const USER_IDS: [&str; 4] = ["ann", "bob_%", "Ünal", "9"];
pub const SESSION_IDS: [&str; 3] = ["chat", "Straße", "s_3"];
pub const MODEL_NAMES: [&str; 4] = ["own", "openai/own-2024-08-06", "mystery", "gpt-4o-mini"];
pub const TRACE_IDS: [&str; 5] = ["t1", "t2", "T3", "t/4", "t5"];
const SPAN_IDS: [&str; 6] = ["a", "b", "c", "d", "e", "unseen"];
const NAMES: [&str; 4] = ["Plan", "plan b", "100%", "été"];
const JSONS: [&str; 4] = ["1", "\"1\"", "{\"b\":[1, 2.0]}", "\"=x\""];
const KEYS: [&str; 2] = ["plan", "seats"];
const TOKENS: [i64; 6] = [0, 1, 7, 100, 1000, 3];
const NANOS: [i64; 5] = [0, 1, 70, 1_000_000, 999_999_999_999_999];
const KINDS: [SpanKind; 6] = [
    SpanKind::Span,
    SpanKind::Generation,
    SpanKind::Agent,
    SpanKind::Embedding,
    SpanKind::Tool,
    SpanKind::Generation,
];

/// 2024-03-10T00:00:00Z.
const MIDNIGHT: i64 = 1_710_028_800_000_000;
/// Long after everything has happened.
pub const ARRIVED: i64 = MIDNIGHT + 100 * MICROS_PER_DAY;

/// Microseconds after midnight: edges, their neighbours, and what lies far off.
const TIMES: [i64; 24] = [
    0,
    64,
    -64,
    MICROS_PER_QUARTER,
    MICROS_PER_QUARTER - 64,
    3 * 3600 * 1_000_000,
    3 * 3600 * 1_000_000 + 64,
    2 * 3600 * 1_000_000 + 1_800_000_000,
    5_555_555_584,
    12 * 3600 * 1_000_000,
    12 * 3600 * 1_000_000 + 640,
    18 * 3600 * 1_000_000 + MICROS_PER_QUARTER,
    18 * 3600 * 1_000_000 + MICROS_PER_QUARTER - 64,
    MICROS_PER_DAY - 64,
    MICROS_PER_DAY,
    MICROS_PER_DAY + 6_400,
    2 * MICROS_PER_DAY + 7 * 3600 * 1_000_000,
    3 * MICROS_PER_DAY,
    -MICROS_PER_DAY,
    -5 * MICROS_PER_DAY - 12_800,
    LONGEST_SPAN_MICROS,
    LONGEST_SPAN_MICROS + 64,
    -LONGEST_SPAN_MICROS,
    60 * MICROS_PER_DAY,
];

pub fn time_of(index: u8) -> Micros {
    Micros(MIDNIGHT + TIMES[usize::from(index) % TIMES.len()])
}

fn pick<T: Copy>(domain: &[T], index: u8) -> T {
    domain[usize::from(index) % domain.len()]
}

fn text(domain: &[&str], index: u8) -> String {
    pick(domain, index).to_owned()
}

/// Makes pieces of plans, the same way for every store.
#[derive(Clone, Copy)]
pub struct Maker {
    erases: bool,
}

impl Maker {
    pub fn of(world: &World) -> Maker {
        Maker {
            erases: world
                .steps
                .iter()
                .any(|step| matches!(step, Step::Erase { .. })),
        }
    }

    /// Whether somebody is erased in this world.
    pub fn erases(self) -> bool {
        self.erases
    }

    /// A time within a trace; traces of a world that erases never share one.
    fn time(self, index: u8, trace: u8) -> Micros {
        let apart = if self.erases { i64::from(trace) + 1 } else { 0 };
        Micros(time_of(index).0 + apart)
    }

    pub fn piece(self, plan: &PiecePlan, serial: i64) -> Piece {
        let user = plan.user.map(|user| text(&USER_IDS, user));
        let mut spans: Vec<SpanPart> = Vec::new();
        for span in &plan.spans {
            if !spans.iter().any(|part| part.id == pick(&SPAN_IDS, span.id)) {
                spans.push(self.span(span, plan.trace));
            }
        }
        let profile = plan.profile.as_ref().zip(user.as_ref());
        Piece {
            trace_id: text(&TRACE_IDS, plan.trace),
            arrival: Arrival(ARRIVED + i64::from(plan.arrival) * 1000 + serial),
            name: plan.name.map(|name| text(&NAMES, name)),
            timestamp: plan.time.map(|time| self.time(time, plan.trace)),
            session: plan.session.as_ref().map(make_session),
            metadata: plan
                .meta
                .map(|meta| format!("{{\"m\":{}}}", pick(&JSONS, meta))),
            profiles: profile
                .map(|(plan, user)| make_profile(plan, user))
                .into_iter()
                .collect(),
            user,
            spans,
            packed: None,
        }
    }

    fn span(self, plan: &SpanPlan, trace: u8) -> SpanPart {
        let tokens = |index: usize| plan.usage[index].map(|n| pick(&TOKENS, n));
        let nanos = |index: usize| plan.cost[index].map(|n| pick(&NANOS, n));
        let named = |domain: &'static [&'static str], index: Option<u8>| {
            index.map(|index| text(domain, index))
        };
        SpanPart {
            id: text(&SPAN_IDS, plan.id),
            parent: named(&SPAN_IDS, plan.parent),
            app_root: plan.app_root,
            name: named(&NAMES, plan.name),
            kind: plan.kind.map(|kind| pick(&KINDS, kind)),
            level: plan.level.map(|level| pick(Level::ALL, level)),
            status_message: named(&NAMES, plan.status),
            start: plan.start.map(|time| self.time(time, trace)),
            end: plan.end.map(|time| self.time(time, trace)),
            model: named(&MODEL_NAMES, plan.model),
            response_id: plan
                .response
                .filter(|_| !self.erases)
                .map(|id| format!("r{id}")),
            usage: Usage {
                prompt: tokens(0),
                completion: tokens(1),
                total: tokens(2),
                cached: tokens(3),
                reasoning: tokens(4),
                cache_write: tokens(5),
            },
            cost: ClientCost {
                input: nanos(0),
                output: nanos(1),
                total: nanos(2),
                span_total: nanos(3),
            },
            user: named(
                &USER_IDS,
                plan.user.filter(|_| !self.erases || plan.id == 0),
            ),
            session: named(&SESSION_IDS, plan.session),
            trace_name: named(&NAMES, plan.trace_name),
            payload: SpanPayload {
                input: named(&JSONS, plan.input),
                metadata: plan.input.map(|input| format!("{{\"k{input}\":1}}")),
                ..SpanPayload::default()
            },
        }
    }
}

fn make_session(plan: &SessionPlan) -> SessionPart {
    SessionPart {
        external_id: text(&SESSION_IDS, plan.session),
        name: plan.name.map(|name| text(&NAMES, name)),
        metadata: plan
            .meta
            .map(|meta| format!("{{\"m\":{},\"n{meta}\":null}}", pick(&JSONS, meta))),
    }
}

/// What a plan says of a user.
pub fn make_profile(plan: &ProfilePlan, user: &str) -> ProfilePart {
    let key = |(key, value): &(u8, Option<u8>)| {
        (text(&KEYS, *key), value.map(|value| text(&JSONS, value)))
    };
    ProfilePart {
        user: user.to_owned(),
        at: time_of(plan.at),
        name: plan.name.map(|name| name.map(|name| text(&NAMES, name))),
        email: None,
        metadata: plan.key.iter().map(key).collect(),
    }
}

pub fn name_of(index: u8) -> String {
    text(&NAMES, index)
}
