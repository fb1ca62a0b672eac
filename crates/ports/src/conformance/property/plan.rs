//! Small worlds as proptest draws them: indices into small domains, so that things meet,
//! contradict each other, and shrink towards nothing.
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

/// What happens, in order.
#[derive(Clone)]
pub struct World {
    pub steps: Vec<Step>,
    /// Bounds of periods to ask about, as indices of times.
    pub periods: Vec<(Option<u8>, Option<u8>)>,
}

/// One call of the writing ports. Projects, users, sessions and traces are indices.
#[derive(Clone, Debug)]
pub enum Step {
    /// One group of batches.
    Book(Vec<Vec<PiecePlan>>),
    /// A piece that was booked before, once more: with its own arrival, or with a later.
    Again {
        nth: u8,
        is_retry: bool,
    },
    Patch {
        project: u8,
        user: u8,
        profile: ProfilePlan,
    },
    PatchSession {
        project: u8,
        session: u8,
        name: Option<u8>,
    },
    Unlink {
        project: u8,
        user: u8,
    },
    Erase {
        project: u8,
        user: u8,
    },
    Lift {
        project: u8,
        user: u8,
    },
    DeleteTrace {
        project: u8,
        trace: u8,
    },
    DeleteSession {
        project: u8,
        session: u8,
    },
    Price {
        project: u8,
        model: u8,
        nanos: u8,
        from: Option<u8>,
    },
    Reprice {
        project: u8,
        apply: bool,
    },
}

#[derive(Clone, Debug, Default)]
pub struct PiecePlan {
    pub project: u8,
    pub trace: u8,
    /// Pieces arrive in the order of this, not in the order in which they are booked.
    pub arrival: u8,
    pub user: Option<u8>,
    pub session: Option<SessionPlan>,
    pub time: Option<u8>,
    pub name: Option<u8>,
    pub meta: Option<u8>,
    pub profile: Option<ProfilePlan>,
    pub spans: Vec<SpanPlan>,
}

#[derive(Clone, Debug, Default)]
pub struct SessionPlan {
    pub session: u8,
    pub name: Option<u8>,
    pub meta: Option<u8>,
}

/// `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct ProfilePlan {
    pub at: u8,
    pub name: Option<Option<u8>>,
    pub key: Option<(u8, Option<u8>)>,
}

#[derive(Clone, Debug, Default)]
pub struct SpanPlan {
    pub id: u8,
    pub parent: Option<u8>,
    pub app_root: Option<bool>,
    pub name: Option<u8>,
    pub kind: Option<u8>,
    pub level: Option<u8>,
    pub status: Option<u8>,
    pub start: Option<u8>,
    pub end: Option<u8>,
    pub model: Option<u8>,
    pub response: Option<u8>,
    /// prompt, completion, total, cached, reasoning, cache write
    pub usage: [Option<u8>; 6],
    /// input, output, total, span total
    pub cost: [Option<u8>; 4],
    pub user: Option<u8>,
    pub session: Option<u8>,
    pub trace_name: Option<u8>,
    pub input: Option<u8>,
}

pub const USERS: u8 = 4;
pub const SESSIONS: u8 = 3;
pub const TRACES: u8 = 5;
pub const SPANS: u8 = 5;
pub const MODELS: u8 = 4;
pub const TIMES: u8 = 24;

fn some(percent: u32, below: u8) -> impl Strategy<Value = Option<u8>> + Clone {
    weighted(f64::from(percent) / 100.0, 0..below)
}

fn draw_profile() -> impl Strategy<Value = ProfilePlan> {
    let name = weighted(0.5, some(75, 4));
    let key = weighted(0.6, (0..2u8, some(75, 4)));
    (0..TIMES, name, key).prop_map(|(at, name, key)| ProfilePlan { at, name, key })
}

fn draw_session() -> impl Strategy<Value = SessionPlan> {
    (0..SESSIONS, some(25, 3), some(25, 3)).prop_map(|(session, name, meta)| SessionPlan {
        session,
        name,
        meta,
    })
}

pub fn draw_span() -> impl Strategy<Value = SpanPlan> {
    let place = (0..SPANS, some(45, SPANS + 1), weighted(0.08, any::<bool>()));
    let texts = (
        some(40, 4),
        some(45, 6),
        some(35, 4),
        some(15, 3),
        some(15, 3),
    );
    let times = (some(50, TIMES), some(50, TIMES));
    let counts = (some(40, MODELS), some(20, 2), draw_usage(), draw_cost());
    let names = (some(12, USERS), some(12, SESSIONS), some(8, 3));
    (place, texts, times, counts, names).prop_map(|(place, texts, times, counts, names)| SpanPlan {
        id: place.0,
        parent: place.1,
        app_root: place.2,
        name: texts.0,
        kind: texts.1,
        level: texts.2,
        status: texts.3,
        input: texts.4,
        start: times.0,
        end: times.1,
        model: counts.0,
        response: counts.1,
        usage: counts.2,
        cost: counts.3,
        user: names.0,
        session: names.1,
        trace_name: names.2,
    })
}

fn draw_usage() -> impl Strategy<Value = [Option<u8>; 6]> {
    let field = || some(30, 6);
    [
        field(),
        field(),
        some(10, 6),
        some(12, 6),
        some(10, 6),
        some(8, 6),
    ]
}

fn draw_cost() -> impl Strategy<Value = [Option<u8>; 4]> {
    [some(6, 5), some(6, 5), some(6, 5), some(10, 5)]
}

fn draw_piece() -> impl Strategy<Value = PiecePlan> {
    let place = (
        prop_oneof![4 => Just(0u8), 1 => Just(1u8)],
        0..TRACES,
        any::<u8>(),
    );
    let says = (
        some(30, USERS),
        weighted(0.3, draw_session()),
        some(30, TIMES),
        some(25, 3),
        some(15, 4),
    );
    (
        place,
        says,
        weighted(0.3, draw_profile()),
        vec(draw_span(), 0..4),
    )
        .prop_map(|(place, says, profile, spans)| PiecePlan {
            project: place.0,
            trace: place.1,
            arrival: place.2,
            user: says.0,
            session: says.1,
            time: says.2,
            name: says.3,
            meta: says.4,
            profile,
            spans,
        })
}

fn draw_step() -> impl Strategy<Value = Step> {
    let project = || prop_oneof![4 => Just(0u8), 1 => Just(1u8)];
    prop_oneof![
        30 => vec(vec(draw_piece(), 1..4), 1..3).prop_map(Step::Book),
        6 => (any::<u8>(), any::<bool>()).prop_map(|(nth, is_retry)| Step::Again { nth, is_retry }),
        2 => (project(), 0..USERS, draw_profile()).prop_map(|(project, user, profile)| Step::Patch { project, user, profile }),
        1 => (project(), 0..SESSIONS, some(60, 3)).prop_map(|(project, session, name)| Step::PatchSession { project, session, name }),
        3 => (project(), 0..USERS).prop_map(|(project, user)| Step::Unlink { project, user }),
        2 => (project(), 0..USERS).prop_map(|(project, user)| Step::Erase { project, user }),
        1 => (project(), 0..USERS).prop_map(|(project, user)| Step::Lift { project, user }),
        2 => (project(), 0..TRACES).prop_map(|(project, trace)| Step::DeleteTrace { project, trace }),
        2 => (project(), 0..SESSIONS).prop_map(|(project, session)| Step::DeleteSession { project, session }),
        2 => (project(), 0..MODELS, 0..6u8, some(50, TIMES)).prop_map(|(project, model, nanos, from)| Step::Price { project, model, nanos, from }),
        1 => (project(), any::<bool>()).prop_map(|(project, apply)| Step::Reprice { project, apply }),
    ]
}

/// Pieces of one trace.
pub fn draw_pieces() -> impl Strategy<Value = Vec<PiecePlan>> {
    vec(draw_piece(), 1..8)
}

pub fn draw_world() -> impl Strategy<Value = World> {
    let period = || (some(80, TIMES), some(80, TIMES));
    (vec(draw_step(), 1..12), vec(period(), 2))
        .prop_map(|(steps, periods)| World { steps, periods })
}
