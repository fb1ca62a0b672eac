//! Tests of the made-up data.
use super::events::list_doings;
use super::people::make_people;
use super::render::{UNPRICED, render_visit};
use super::visits::{DAYS, Visit, plan_visits};
use cognobserve_model::price::PriceBook;
use cognobserve_telemetry::anonymise::AllowList;
use serde_json::Value;
use std::collections::HashSet;

const NOW: i64 = 1_772_600_000_000_000;
const DAY: i64 = 86_400_000_000;

fn plan(seed: u64) -> (Vec<super::people::Person>, Vec<Visit>) {
    let people = make_people(seed, 5_000);
    let visits = plan_visits(seed, NOW, &people, 25_000);
    (people, visits)
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let render = |seed| {
        let (people, visits) = plan(seed);
        visits
            .iter()
            .take(500)
            .map(|visit| render_visit(visit, &people))
            .collect::<Vec<_>>()
    };
    assert_eq!(render(1), render(1));
    assert_ne!(render(1), render(2));
}

#[test]
fn all_day_long_a_seed_gives_the_same_traces_at_other_times() {
    const HOUR: i64 = DAY / 24;
    let midnight = NOW - NOW.rem_euclid(DAY);
    let people = make_people(1, 400);
    let tell = |now: i64| {
        let mut visits = plan_visits(1, now, &people, 2_000);
        assert!(visits.iter().all(|visit| visit.at <= now));
        visits.sort_by_key(|visit| visit.seed);
        let told = visits.into_iter().map(|visit| {
            // With the time taken out, every word and every token.
            let trace = render_visit(&Visit { at: 0, ..visit }, &people);
            (visit.person, visit.session, trace)
        });
        told.collect::<Vec<_>>()
    };
    let morning = tell(midnight + HOUR / 6);
    for later in [2 * HOUR, 14 * HOUR, DAY - 1] {
        assert!(tell(midnight + later) == morning, "{later}");
    }
}

#[test]
fn everybody_comes_within_the_time_and_a_few_are_very_busy() {
    let (people, visits) = plan(1);
    assert!(
        visits
            .iter()
            .all(|visit| visit.at <= NOW && visit.at > NOW - (DAYS + 1) * DAY)
    );
    assert!(visits.is_sorted_by_key(|visit| visit.at));
    let mut counts = vec![0_usize; people.len()];
    visits
        .iter()
        .filter_map(|visit| visit.person)
        .for_each(|person| counts[person] += 1);
    assert!(counts.iter().filter(|count| **count > 0).count() == 5_000);
    assert!((20_000..40_000).contains(&visits.len()), "{}", visits.len());
    counts.sort_unstable();
    assert!(
        counts[2_500] <= 4 && counts[4_990] > 100,
        "{} {}",
        counts[2_500],
        counts[4_990]
    );
    let external: HashSet<&str> = people
        .iter()
        .map(|person| person.external_id.as_str())
        .collect();
    let email: HashSet<&str> = people.iter().map(|person| person.email.as_str()).collect();
    assert_eq!((external.len(), email.len()), (5_000, 5_000));
}

#[test]
fn what_is_done_may_be_said_in_every_edition() {
    let (_, visits) = plan(1);
    let allowed = AllowList::default();
    let mut names = HashSet::new();
    for visit in visits.iter().take(1_000) {
        let doings = list_doings(visit);
        assert_eq!(list_doings(visit), doings);
        for (name, properties) in doings {
            names.insert(name);
            for (key, value) in &properties {
                let passed = allowed.pass(name, key, value);
                assert_eq!(passed.as_ref(), Some(value), "{name}: {key}");
            }
        }
    }
    assert_eq!(names.len(), 3);
}

#[test]
fn john_has_failed_just_now() {
    let (people, visits) = plan(1);
    assert_eq!(people[0].email, "john@acme.com");
    let failed = visits
        .iter()
        .filter(|visit| visit.person == Some(0) && visit.fails && visit.at > NOW - DAY);
    let traces: Vec<Value> = failed
        .map(|visit| serde_json::from_str(&render_visit(visit, &people)).unwrap())
        .collect();
    assert!(traces.len() >= 5);
    for trace in traces {
        assert_eq!(trace["user"]["email"], "john@acme.com");
        let spans = trace["spans"].as_array().unwrap();
        assert!(
            spans
                .iter()
                .any(|span| span["level"] == "ERROR" && span["status_message"].is_string())
        );
    }
}

#[test]
fn some_models_have_a_price_and_some_have_none() {
    let (people, visits) = plan(1);
    let book = PriceBook::builtin();
    let mut unpriced = HashSet::new();
    for visit in visits.iter().take(5_000) {
        let trace: Value = serde_json::from_str(&render_visit(visit, &people)).unwrap();
        for model in trace["spans"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|span| span["model"].as_str())
        {
            if book.lookup(model, NOW).is_none() {
                unpriced.insert(model.to_owned());
            }
        }
    }
    assert_eq!(unpriced, UNPRICED.map(str::to_owned).into());
}
