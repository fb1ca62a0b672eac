//! Projects, keys, settings, prices.
use crate::conformance::build::tester;
use crate::conformance::desk::Desk;
use crate::{ErrorKind, NewKey};
use cognobserve_model::account::{Capture, ProjectSettings, Scope, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
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

pub async fn keys_open_their_project_until_revoked(desk: Desk) {
    let store = &desk.store;
    let key = |byte: u8, scopes: Scopes| NewKey {
        hash: [byte; 32],
        prefix: format!("co_sk_{byte}"),
        name: format!("key {byte}"),
        scopes,
        expires: None,
    };
    let first = store
        .create_key(&desk.project, key(1, Scopes::DEFAULT), &tester())
        .await
        .unwrap();
    let second = store
        .create_key(&desk.project, key(2, Scopes::ALL), &tester())
        .await
        .unwrap();
    let grant = store
        .authenticate(&[2; 32])
        .await
        .unwrap()
        .expect("the key is good");
    assert_eq!((&grant.key, &grant.project.id), (&second.id, &desk.project));
    assert!(grant.scopes.contains(Scope::Admin) && grant.developer == grant.project.developer);
    let plain = store
        .authenticate(&[1; 32])
        .await
        .unwrap()
        .expect("the key is good");
    assert!(!plain.scopes.contains(Scope::Admin) && plain.scopes.contains(Scope::Ingest));
    assert_eq!(store.authenticate(&[3; 32]).await.unwrap(), None);
    let listed = store.list_keys(&desk.project).await.unwrap();
    assert_eq!(
        listed.iter().map(|key| &key.id).collect::<Vec<_>>(),
        [&second.id, &first.id],
        "newest first"
    );
    let revoked = store
        .revoke_key(&desk.project, &first.id, &tester())
        .await
        .unwrap()
        .expect("the key exists");
    assert!(revoked.revoked.is_some());
    assert_eq!(
        store
            .revoke_key(&desk.project, &first.id, &tester())
            .await
            .unwrap(),
        Some(revoked.clone()),
        "the first time stands"
    );
    assert_eq!(store.authenticate(&[1; 32]).await.unwrap(), None);
    assert!(
        store
            .list_keys(&desk.project)
            .await
            .unwrap()
            .contains(&revoked)
    );
    assert_eq!(
        store
            .revoke_key(&desk.project, &KeyId::new("key_nowhere"), &tester())
            .await
            .unwrap(),
        None
    );
    let other = desk.open_another("other").await;
    assert_eq!(store.list_keys(&other.project).await.unwrap(), []);
    store
        .delete_project(&desk.project, &tester())
        .await
        .unwrap();
    assert_eq!(
        store.authenticate(&[2; 32]).await.unwrap(),
        None,
        "a deleted project's keys are worth nothing"
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

pub async fn the_store_says_that_it_is_ready(desk: Desk) {
    desk.store
        .check_ready()
        .await
        .expect("a fresh store is ready");
}
