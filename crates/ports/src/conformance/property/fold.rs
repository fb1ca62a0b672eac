//! One trace, folded by the code that real stores share and counted by the reference
//! store: finds what is wrong with the fold without a database in between.
use super::apply::Side;
use super::plan::{PiecePlan, Step, World};
use super::realise::{Maker, TRACE_IDS};
use cognobserve_model::facts::Facts;
use cognobserve_model::id::{ModelNo, SessionNo, UserNo};
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostQuery, PageRequest, Period};
use cognobserve_model::report::{CostKey, TraceDetail};
use cognobserve_model::span::{Pricing, SpanState};
use cognobserve_model::time::Zone;
use cognobserve_model::trace::{DeadUser, Registry, TraceState};
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;

/// Gives numbers to names in order of sight; nobody is ever deleted.
#[derive(Default)]
struct Names {
    users: Vec<String>,
    sessions: Vec<String>,
    pub models: Vec<String>,
}

fn number(names: &mut Vec<String>, name: &str) -> i64 {
    let at = names.iter().position(|known| known == name);
    at.map_or_else(
        || {
            names.push(name.to_owned());
            names.len() as i64
        },
        |at| at as i64 + 1,
    )
}

fn name(names: &[String], number: i64) -> String {
    names[number as usize - 1].clone()
}

impl Registry for Names {
    fn is_suppressed(&self, _external_id: &str) -> bool {
        false
    }
    fn resolve_user(&mut self, external_id: &str, _dead: &[DeadUser]) -> UserNo {
        UserNo(number(&mut self.users, external_id))
    }
    fn resolve_session(&mut self, external_id: &str) -> SessionNo {
        SessionNo(number(&mut self.sessions, external_id))
    }
    fn resolve_model(&mut self, model: &str) -> ModelNo {
        ModelNo(number(&mut self.models, model))
    }
    fn pseudonym(&self, id: &str) -> Box<str> {
        id.into()
    }
}

/// What both sides must agree about.
#[derive(Debug, PartialEq)]
struct Summary {
    user: Option<String>,
    session: Option<String>,
    time: i64,
    name: String,
    latency_micros: Option<i64>,
    measures: Measures,
    by_model: BTreeMap<Option<String>, Measures>,
    spans: BTreeMap<String, (bool, Option<i64>, Option<String>)>,
}

fn summarise(state: &TraceState, facts: &Facts, names: &Names) -> Summary {
    let model = |no: ModelNo| (no != ModelNo::NONE).then(|| name(&names.models, no.0));
    // Prices are the store's to decide: the fold is compared without the book.
    let client = |span: &SpanState| span.client_cost.nanos();
    let spans = state.spans.iter().zip(state.mark_counted());
    Summary {
        user: facts.user.map(|no| name(&names.users, no.0)),
        session: facts.session.map(|no| name(&names.sessions, no.0)),
        time: facts.time.0,
        name: facts.name.to_string(),
        latency_micros: facts.latency_micros,
        measures: without_book(facts.measures.clone()),
        by_model: facts
            .models
            .iter()
            .map(|(no, sums)| (model(*no), without_histogram(without_book(sums.clone()))))
            .collect(),
        spans: spans
            .map(|(span, counts)| {
                let said = (counts, client(span), span.model.and_then(model));
                (span.id.to_string(), said)
            })
            .collect(),
    }
}

fn without_book(mut sums: Measures) -> Measures {
    (sums.cost_nanos, sums.unpriced_span_count) = (0, 0);
    sums.unpriced_tokens = 0;
    sums
}

fn without_histogram(mut sums: Measures) -> Measures {
    sums.trace_latency = Default::default();
    sums
}

async fn ask_reference(side: &Side) -> Summary {
    let (store, project) = (&side.store, &side.projects[0]);
    let found = store.find_trace(project, TRACE_IDS[0]).await;
    let found: TraceDetail = found.expect("the trace is read").expect("it is there");
    let query = CostQuery {
        group: CostGroup::Model,
        sessions: true,
        period: Period::ALL,
        zone: Zone::utc(),
        page: PageRequest {
            limit: 100,
            after: None,
        },
    };
    let costs = store.report_costs(project, query).await;
    let costs = costs.expect("costs are reported");
    let rows = costs.rows.iter().map(|row| match &row.key {
        CostKey::Model(model) => (Some(model.clone()), row.measures.clone()),
        other => panic!("a row by model is not {other:?}"),
    });
    let none = (None, costs.unattributed.0.clone());
    let rows = rows.chain((none.1 != Measures::default()).then_some(none));
    let client = |pricing: Pricing| match pricing {
        Pricing::Client(nanos) => Some(nanos),
        _ => None,
    };
    let summary = found.summary;
    Summary {
        user: summary.user.and_then(|user| user.external_id),
        session: summary.session.map(|session| session.external_id),
        time: summary.time.0,
        name: summary.name,
        latency_micros: summary.latency_micros,
        measures: without_book(summary.measures),
        by_model: rows
            .map(|(model, sums)| (model, without_histogram(without_book(sums))))
            .collect(),
        spans: found
            .spans
            .into_iter()
            .map(|span| (span.id, (span.counted, client(span.pricing), span.model)))
            .collect(),
    }
}

/// Plays the pieces of one trace on both sides.
pub async fn compare_fold(plans: &[PiecePlan]) -> Result<(), TestCaseError> {
    let plans: Vec<PiecePlan> = plans
        .iter()
        .map(|plan| PiecePlan {
            project: 0,
            trace: 0,
            ..plan.clone()
        })
        .collect();
    let world = World {
        steps: plans
            .iter()
            .map(|plan| Step::Book(vec![vec![plan.clone()]]))
            .collect(),
        periods: Vec::new(),
    };
    let mut reference = super::open_reference(&world).await;
    reference.play(&world).await;
    let (maker, mut names) = (Maker::of(&world), Names::default());
    let mut state = TraceState::default();
    for (serial, plan) in (0..).zip(&plans) {
        let piece = maker.piece(plan, serial);
        if serial == 0 {
            state = TraceState::new(&piece.trace_id, piece.arrival);
        }
        state.merge(&piece, &mut names);
        let again = state.clone();
        state.merge(&piece, &mut names);
        if again != state {
            return Err(TestCaseError::fail("a redelivery changes the state"));
        }
    }
    let found = summarise(&state, &state.facts(), &names);
    let expected = ask_reference(&reference).await;
    if expected != found {
        let told = format!("\nexpected {expected:#?}\nfound    {found:#?}\n{world:?}");
        return Err(TestCaseError::fail(told));
    }
    Ok(())
}
