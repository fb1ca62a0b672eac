//! Projects, settings, prices.
use crate::ErrorKind;
use crate::conformance::build::*;
use crate::conformance::desk::Desk;
use cognobserve_model::account::{Capture, ProjectSettings};
use cognobserve_model::id::ProjectId;
use cognobserve_model::price::{Rates, Tier};

pub async fn projects_are_unique_in_their_workspace(desk: Desk) {
    let store = &desk.store;
    let refused = store
        .create_project("acme", "app", &tester())
        .await
        .expect_err("the name is taken");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let second = store
        .create_project("acme", "aaa", &tester())
        .await
        .unwrap();
    let third = store
        .create_project("other", "app", &tester())
        .await
        .unwrap();
    let first = store
        .find_project(desk.project.as_str())
        .await
        .unwrap()
        .expect("found by id");
    assert_eq!(
        first.developer, second.developer,
        "a workspace has one developer"
    );
    assert_ne!(first.developer, third.developer);
    assert_eq!(
        store.find_project("aaa").await.unwrap().as_ref(),
        Some(&second),
        "found by name"
    );
    assert_eq!(store.find_project("nothing").await.unwrap(), None);
    let names: Vec<String> = store
        .list_projects()
        .await
        .unwrap()
        .into_iter()
        .map(|project| project.name)
        .collect();
    assert_eq!(names, ["aaa", "app", "app"]);
}

pub async fn settings_come_back_as_they_were_set(desk: Desk) {
    let project = desk.store.find_project("app").await.unwrap().unwrap();
    assert_eq!(project.settings, ProjectSettings::default());
    let settings = ProjectSettings {
        retention_payload_days: Some(30),
        capture: Capture::None,
        time_zone: "Asia/Kathmandu".into(),
        max_spans_per_second: Some(7),
        max_users: Some(9),
    };
    let changed = desk
        .store
        .update_settings(&desk.project, settings.clone(), &tester())
        .await
        .unwrap()
        .expect("the project exists");
    assert_eq!(changed.settings, settings);
    assert_eq!(desk.store.find_project("app").await.unwrap(), Some(changed));
    let nowhere = ProjectId::new("prj_nowhere");
    assert_eq!(
        desk.store
            .update_settings(&nowhere, settings, &tester())
            .await
            .unwrap(),
        None
    );
}

pub async fn prices_replace_those_of_the_same_model_and_date(desk: Desk) {
    let rates = |prompt: i64| Rates {
        prompt: Some(prompt),
        tiers: vec![Tier {
            above_prompt_tokens: 10,
            completion: Some(3),
            ..Tier::default()
        }],
        ..Rates::default()
    };
    for (model, from, prompt) in [
        ("b", None, 1),
        ("a", Some(5), 2),
        ("a", None, 3),
        ("a", Some(5), 4),
    ] {
        desk.put_price(
            model,
            rates(prompt),
            from.map(cognobserve_model::time::Micros),
        )
        .await;
    }
    let listed = desk.store.list_prices(&desk.project).await.unwrap();
    let rows: Vec<_> = listed
        .iter()
        .map(|entry| {
            (
                entry.model.as_str(),
                entry.effective_from,
                entry.rates.prompt,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("a", None, Some(3)),
            ("a", Some(5), Some(4)),
            ("b", None, Some(1))
        ]
    );
    assert_eq!(listed[0].rates, rates(3), "whole, tiers included");
    let other = desk.open_another("other").await;
    assert_eq!(other.store.list_prices(&other.project).await.unwrap(), []);
}

pub async fn a_price_is_removed_by_model_and_date(desk: Desk) {
    let from = cognobserve_model::time::Micros(5);
    for (model, from) in [("a", Some(from)), ("a", None), ("b", None)] {
        desk.put_price(model, Rates::default(), from).await;
    }
    let remove = async |project: &ProjectId, model: &str, from: Option<i64>| {
        let removed = desk
            .store
            .remove_price(project, model, from, &tester())
            .await;
        removed.expect("an answer")
    };
    let other = desk.open_another("other").await;
    assert!(
        !remove(&other.project, "b", None).await,
        "of another project"
    );
    assert!(
        !remove(&desk.project, "b", Some(5)).await,
        "of another date"
    );
    assert!(!remove(&desk.project, "c", None).await);
    assert!(remove(&desk.project, "A", None).await, "by any case");
    assert!(!remove(&desk.project, "a", None).await, "once");
    let left = desk.store.list_prices(&desk.project).await.unwrap();
    let left: Vec<_> = left
        .iter()
        .map(|it| (it.model.as_str(), it.effective_from))
        .collect();
    assert_eq!(left, [("a", Some(5)), ("b", None)]);
    let nowhere = ProjectId::new("prj_nowhere");
    let refused = desk
        .store
        .remove_price(&nowhere, "a", None, &tester())
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
}

pub async fn a_removed_price_prices_nothing_more(desk: Desk) {
    desk.price("own", 1, 1, None).await;
    desk.book_one(trace("1").by("ann").with(call("s", "own", 10, 0)))
        .await;
    let removed = desk
        .store
        .remove_price(&desk.project, "own", None, &tester())
        .await;
    assert!(removed.unwrap());
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        10,
        "what was booked stays"
    );
    desk.book_one(trace("2").by("ann").with(call("s", "own", 10, 0)))
        .await;
    let sums = desk.sum_user("ann").await;
    assert_eq!((sums.cost_nanos, sums.unpriced_span_count), (10, 1));
}

pub async fn the_store_says_that_it_is_ready(desk: Desk) {
    desk.store
        .check_ready()
        .await
        .expect("a fresh store is ready");
}
