//! The audit log: what was done, and by whom.
use super::Rolls;
use crate::conformance::build::{SayPerson, person};
use crate::{Actor, DeleteMode, NewKey};
use cognobserve_model::account::{ProjectSettings, Scopes};
use cognobserve_model::id::{AccountId, KeyId, ProjectId};
use cognobserve_model::people::Role;
use cognobserve_model::price::{PriceEntry, Rates};
use cognobserve_model::time::Micros;

pub async fn the_log_tells_what_was_done(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let ann = rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    let by_ann = Actor::Account(ann.id.clone());
    let set = rolls
        .people
        .set_role("acme", &bob.id, Role::Viewer, &by_ann)
        .await;
    assert_eq!(set.unwrap(), Ok(()));
    let log = rolls.people.list_audit("acme", None, 100).await.unwrap();
    assert!(log.is_sorted_by(|a, b| a.no > b.no));
    let last = &log[0];
    assert_eq!(
        (&*last.action, &*last.actor),
        ("member.role", ann.id.as_str())
    );
    assert_eq!(last.detail, format!("{} ADMIN to VIEWER", bob.id));
    let actions: Vec<&str> = log.iter().map(|line| &*line.action).collect();
    // What members do to their own access is told, too, and only where they are members.
    let expected = [
        "member.role",
        "member.join",
        "account.create",
        "link.invite",
    ];
    assert_eq!(actions[..4], expected);
    rolls.log_in(&ann, 7).await;
    let login = rolls.people.list_logins(&ann.id, Micros::now()).await;
    let login = login.unwrap().remove(0).id;
    assert!(rolls.people.end_login(&ann.id, &login).await.unwrap());
    for (workspace, is_told) in [("acme", true), ("other", true), ("third", false)] {
        if !is_told {
            rolls.open_workspace(workspace).await;
        }
        let log = rolls.people.list_audit(workspace, None, 1).await.unwrap();
        let line = log.first().map(|line| (&*line.action, &*line.detail));
        let ended = Some(("login.end", login.as_str()));
        assert_eq!(line == ended, is_told, "{workspace}: {line:?}");
    }
    assert!(log.iter().all(|line| !line.detail.contains('@')), "{log:?}");
    let next = rolls
        .people
        .list_audit("acme", Some(last.no), 1)
        .await
        .unwrap();
    assert_eq!(next, log[1..2]);
    let other = rolls.people.list_audit("other", None, 100).await.unwrap();
    assert!(other.iter().all(|line| line.action != "member.role"));
    assert_eq!(
        rolls.people.list_audit("nowhere", None, 9).await.unwrap(),
        []
    );
}

/// Does each change of a project in the name of an actor; its id.
async fn change_project(rolls: &Rolls, by: &Actor) -> String {
    let store = &rolls.store;
    let project = store.create_project("acme", by.as_str(), by).await.unwrap();
    let id = &project.id;
    let settings = ProjectSettings {
        max_users: Some(9),
        ..ProjectSettings::default()
    };
    store.update_settings(id, settings, by).await.unwrap();
    let key = NewKey {
        hash: [by.as_str().len() as u8; 32],
        prefix: "co_sk_".into(),
        name: "a key".into(),
        scopes: Scopes::DEFAULT,
        expires: None,
    };
    let key = store.create_key(id, key, by).await.unwrap();
    for _ in 0..2 {
        store.revoke_key(id, &key.id, by).await.unwrap();
    }
    let entry = PriceEntry {
        model: "own".into(),
        effective_from: None,
        rates: Rates::default(),
    };
    store.put_prices(id, vec![entry], by).await.unwrap();
    for _ in 0..2 {
        store.remove_price(id, "own", None, by).await.unwrap();
    }
    let ids = vec!["ann".to_owned()];
    let made = store.resolve_users(id, ids, true).await.unwrap().unwrap();
    let ann = made[0].clone().expect("a user");
    let named = person("ann", Micros::now()).name(Some("Ann"));
    store.patch_user(id, &ann, named, by).await.unwrap();
    let erased = store.delete_user(id, &ann, DeleteMode::Erase, by).await;
    erased.unwrap().expect("was there");
    assert!(store.lift_suppression(id, "ann", by).await.unwrap());
    project.id.to_string()
}

pub async fn the_log_names_who_changed_a_project(rolls: Rolls) {
    let expected = [
        "suppression.lift",
        "user.erase",
        "user.update",
        "prices.remove",
        "prices.put",
        "key.revoke",
        "key.create",
        "project.settings",
        "project.create",
    ];
    rolls.open_workspace("other").await;
    let actors = [
        Actor::Operator,
        Actor::Account(AccountId::new("acc_1")),
        Actor::Key(KeyId::new("key_number_1")),
    ];
    for by in &actors {
        let project = change_project(&rolls, by).await;
        let log = rolls.people.list_audit("acme", None, expected.len()).await;
        let log = log.unwrap();
        let told: Vec<&str> = log.iter().map(|line| &*line.action).collect();
        assert_eq!(told, expected);
        let detail = |action: &str| {
            let line = log.iter().find(|line| line.action == action);
            line.map(|line| line.detail.clone()).unwrap_or_default()
        };
        assert_eq!(detail("project.settings"), "max_users none to 9");
        assert_eq!(detail("prices.put"), "own");
        for line in &log {
            assert_eq!(line.actor, by.as_str(), "{line:?}");
            let of = line.project.as_ref().map(|id| id.as_str());
            assert_eq!(of, Some(&*project), "{line:?}");
        }
        let id = ProjectId::new(project.clone());
        assert!(rolls.store.delete_project(&id, by).await.unwrap());
        let log = rolls.people.list_audit("acme", None, 2).await.unwrap();
        let last = (&*log[0].action, &*log[0].detail, &*log[0].actor);
        assert_eq!(last, ("project.delete", &*project, by.as_str()));
        assert_eq!(log[1].action, expected[0], "its lines outlive it");
    }
    let other = rolls.people.list_audit("other", None, 100).await.unwrap();
    assert_eq!(other.len(), 1, "{other:?}");
}
