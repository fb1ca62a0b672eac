//! The same facts twice, in two orders and two splits: nothing that is said contradicts
//! anything else, so the totals must not depend on how it came.
use super::plan::{
    PiecePlan, SESSIONS, SPANS, SessionPlan, SpanPlan, Step, TIMES, USERS, World, draw_span,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Two worlds that say the same.
#[derive(Clone, Debug)]
pub struct Pair {
    pub first: World,
    pub second: World,
}

/// Where a trace's user or session is said.
#[derive(Clone, Copy, Debug)]
enum Place {
    Nowhere,
    Envelope(u8),
    Span(u8),
}

fn draw_place(below: u8) -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::Nowhere),
        (0..below).prop_map(Place::Envelope),
        (0..below).prop_map(Place::Span)
    ]
}

/// All that is said of one trace, once.
fn draw_whole(trace: u8) -> impl Strategy<Value = PiecePlan> {
    let says = (
        draw_place(USERS),
        draw_place(SESSIONS),
        0..TIMES,
        proptest::option::of(0..3u8),
        0..TIMES,
    );
    (vec(draw_span(), 1..=usize::from(SPANS)), says).prop_map(
        move |(spans, (user, session, time, name, profile_at))| {
            let mut plan = PiecePlan {
                trace,
                time: Some(time),
                name,
                meta: Some(trace % 4),
                ..PiecePlan::default()
            };
            for (id, span) in (0..).zip(spans) {
                plan.spans.push(SpanPlan {
                    id,
                    user: None,
                    session: None,
                    trace_name: None,
                    ..span
                });
            }
            match user {
                Place::Nowhere => {}
                Place::Envelope(user) => {
                    plan.user = Some(user);
                    plan.profile = Some(describe_user(user, profile_at));
                }
                Place::Span(user) => plan.spans[0].user = Some(user),
            }
            match session {
                Place::Nowhere => {}
                Place::Envelope(session) => {
                    plan.session = Some(SessionPlan {
                        session,
                        name: Some(session),
                        meta: Some(session),
                    })
                }
                Place::Span(session) => plan.spans[0].session = Some(session),
            }
            plan
        },
    )
}

/// What is true of a user at a time: the same whoever says it.
fn describe_user(user: u8, at: u8) -> super::plan::ProfilePlan {
    let value = (at + user) % 5;
    let value = (value < 4).then_some(value);
    super::plan::ProfilePlan {
        at,
        name: Some(value),
        key: Some((at % 2, value)),
    }
}

/// A piece cut into pieces that say one thing each.
fn cut(whole: &PiecePlan) -> Vec<PiecePlan> {
    let blank = || PiecePlan {
        trace: whole.trace,
        ..PiecePlan::default()
    };
    let mut parts = vec![
        PiecePlan {
            user: whole.user,
            profile: whole.profile.clone(),
            ..blank()
        },
        PiecePlan {
            session: whole.session.clone(),
            ..blank()
        },
        PiecePlan {
            time: whole.time,
            ..blank()
        },
        PiecePlan {
            name: whole.name,
            ..blank()
        },
        PiecePlan {
            meta: whole.meta,
            ..blank()
        },
    ];
    for span in &whole.spans {
        let blank_span = || SpanPlan {
            id: span.id,
            ..SpanPlan::default()
        };
        let mut said = vec![
            SpanPlan {
                parent: span.parent,
                app_root: span.app_root,
                ..blank_span()
            },
            SpanPlan {
                name: span.name,
                kind: span.kind,
                ..blank_span()
            },
            SpanPlan {
                level: span.level,
                status: span.status,
                ..blank_span()
            },
            SpanPlan {
                start: span.start,
                ..blank_span()
            },
            SpanPlan {
                end: span.end,
                input: span.input,
                ..blank_span()
            },
            SpanPlan {
                model: span.model,
                response: span.response,
                ..blank_span()
            },
            SpanPlan {
                user: span.user,
                session: span.session,
                ..blank_span()
            },
        ];
        for n in 0..6 {
            let mut part = blank_span();
            part.usage[n] = span.usage[n];
            if let Some(cost) = part.cost.get_mut(n) {
                *cost = span.cost[n];
            }
            said.push(part);
        }
        said.retain(|part| !says_nothing(part, &blank_span()));
        said.push(blank_span());
        parts.extend(said.into_iter().map(|span| PiecePlan {
            spans: vec![span],
            ..blank()
        }));
    }
    parts.retain(|part| format!("{part:?}") != format!("{:?}", blank()));
    parts
}

/// Plans are small: their words are as good as a comparison field by field.
fn says_nothing(part: &SpanPlan, blank: &SpanPlan) -> bool {
    format!("{part:?}") == format!("{blank:?}")
}

/// Puts pieces together again, neighbours of one trace as one piece, `size` at a time.
fn gather(parts: &[PiecePlan], size: usize, repeats: &[u8]) -> World {
    let mut steps = Vec::new();
    for (n, chunk) in parts.chunks(size).enumerate() {
        let mut pieces: Vec<PiecePlan> = Vec::new();
        for part in chunk {
            match pieces.iter_mut().find(|piece| piece.trace == part.trace) {
                Some(piece) => join(piece, part),
                None => pieces.push(PiecePlan {
                    arrival: (n * 37 % 251) as u8,
                    ..part.clone()
                }),
            }
        }
        steps.push(Step::Book(vec![pieces]));
        if let Some(nth) = repeats.get(n) {
            steps.push(Step::Again {
                nth: *nth,
                is_retry: nth % 2 == 0,
            });
        }
    }
    World {
        steps,
        periods: vec![(Some(0), Some(9)), (Some(3), None)],
    }
}

fn join(piece: &mut PiecePlan, part: &PiecePlan) {
    piece.profile = piece.profile.take().or_else(|| part.profile.clone());
    piece.user = piece.user.or(part.user);
    piece.session = piece.session.take().or_else(|| part.session.clone());
    piece.time = piece.time.or(part.time);
    piece.name = piece.name.or(part.name);
    piece.meta = piece.meta.or(part.meta);
    for span in &part.spans {
        match piece.spans.iter_mut().find(|known| known.id == span.id) {
            Some(known) => join_span(known, span),
            None => piece.spans.push(span.clone()),
        }
    }
}

fn join_span(known: &mut SpanPlan, said: &SpanPlan) {
    macro_rules! take {
        ($($field:ident),*) => {
            $(known.$field = known.$field.or(said.$field);)*
        };
    }
    take!(
        parent, app_root, name, kind, level, status, start, end, model, response, user, session,
        trace_name, input
    );
    for n in 0..6 {
        known.usage[n] = known.usage[n].or(said.usage[n]);
    }
    for n in 0..4 {
        known.cost[n] = known.cost[n].or(said.cost[n]);
    }
}

/// Facts about a few traces, in two orders and splits, with repeats.
pub fn draw_pair() -> impl Strategy<Value = Pair> {
    let traces = (1..=super::plan::TRACES)
        .prop_flat_map(|count| (0..count).map(draw_whole).collect::<Vec<_>>());
    let cuts = (
        1..20usize,
        1..20usize,
        vec(any::<u8>(), 0..6),
        vec(any::<u8>(), 0..6),
    );
    (traces, cuts).prop_flat_map(|(traces, cuts)| {
        let parts: Vec<PiecePlan> = traces.iter().flat_map(cut).collect();
        let orders = (
            Just(parts.clone()).prop_shuffle(),
            Just(parts).prop_shuffle(),
        );
        (orders, Just(cuts)).prop_map(|((first, second), cuts)| Pair {
            first: gather(&first, cuts.0, &cuts.2),
            second: gather(&second, cuts.1, &cuts.3),
        })
    })
}
