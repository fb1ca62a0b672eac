//! API keys: what they open, until when, and what is remembered of them.
use crate::conformance::build::tester;
use crate::conformance::desk::Desk;
use crate::{Actor, ErrorKind, NewKey};
use cognobserve_model::account::{ApiKey, Scope, Scopes};
use cognobserve_model::id::{AccountId, KeyId, ProjectId};
use cognobserve_model::time::{MICROS_PER_MINUTE, Micros};
use std::time::Duration;

fn new_key(byte: u8, expires: Option<Micros>) -> NewKey {
    NewKey {
        hash: [byte; 32],
        prefix: format!("co_sk_{byte}"),
        name: format!("key {byte}"),
        scopes: Scopes::DEFAULT,
        expires,
    }
}

async fn make_key(desk: &Desk, byte: u8, expires: Option<Micros>) -> ApiKey {
    let key = new_key(byte, expires);
    let made = desk.store.create_key(&desk.project, key, &tester()).await;
    made.expect("a key is made")
}

async fn opens(desk: &Desk, byte: u8) -> bool {
    let grant = desk.store.authenticate(&[byte; 32]).await;
    grant.expect("the store answers").is_some()
}

pub async fn keys_open_their_project_until_revoked(desk: Desk) {
    let (store, project, by) = (&desk.store, &desk.project, &tester());
    let first = make_key(&desk, 1, None).await;
    let all = NewKey {
        scopes: Scopes::ALL,
        ..new_key(2, None)
    };
    let second = store.create_key(project, all.clone(), by).await.unwrap();
    let twice = store.create_key(project, all, by).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Conflict);
    let grant = store.authenticate(&[2; 32]).await.unwrap();
    let grant = grant.expect("the key is good");
    assert_eq!((&grant.key, &grant.project.id), (&second.id, project));
    assert!(grant.scopes.contains(Scope::Admin) && grant.developer == grant.project.developer);
    let plain = store.authenticate(&[1; 32]).await.unwrap();
    let plain = plain.expect("the key is good").scopes;
    assert!(!plain.contains(Scope::Admin) && plain.contains(Scope::Ingest));
    assert!(!opens(&desk, 3).await);
    let listed = store.list_keys(project).await.unwrap();
    let ids: Vec<&KeyId> = listed.iter().map(|key| &key.id).collect();
    assert_eq!(ids, [&second.id, &first.id], "newest first");
    let revoked = store.revoke_key(project, &first.id, by).await.unwrap();
    let revoked = revoked.expect("the key exists");
    assert!(revoked.revoked.is_some());
    let again = store.revoke_key(project, &first.id, by).await.unwrap();
    let again = again.expect("the key exists").revoked;
    assert_eq!(again, revoked.revoked, "the first time stands");
    assert!(!opens(&desk, 1).await);
    let listed = store.list_keys(project).await.unwrap();
    assert!(listed.iter().any(|key| key.revoked == revoked.revoked));
    store.delete_project(project, by).await.unwrap();
    assert!(!opens(&desk, 2).await, "of a deleted project");
}

pub async fn a_key_is_no_other_projects(desk: Desk) {
    let (store, by) = (&desk.store, &tester());
    let key = make_key(&desk, 1, None).await;
    let other = desk.open_another("other").await;
    assert_eq!(store.list_keys(&other.project).await.unwrap(), []);
    let nobody = KeyId::new("key_nowhere");
    let nowhere = ProjectId::new("prj_nowhere");
    for (project, id) in [
        (&other.project, &key.id),
        (&desk.project, &nobody),
        (&nowhere, &key.id),
    ] {
        assert_eq!(store.revoke_key(project, id, by).await.unwrap(), None);
    }
    assert!(opens(&desk, 1).await);
    let found = store.find_key(&key.id).await.unwrap().expect("it is there");
    assert_eq!((found.id, found.project), (key.id, desk.project.clone()));
    assert_eq!(store.find_key(&nobody).await.unwrap(), None);
    let made = store.create_key(&nowhere, new_key(2, None), by).await;
    assert_eq!(made.unwrap_err().kind(), ErrorKind::NotFound);
}

pub async fn an_expired_key_opens_nothing(desk: Desk) {
    let now = Micros::now();
    let later = |micros: i64| Some(Micros(now.0 + micros));
    make_key(&desk, 1, later(-1)).await;
    assert!(!opens(&desk, 1).await);
    let key = make_key(&desk, 2, later(3_600_000_000)).await;
    assert_eq!(key.expires, later(3_600_000_000));
    let grant = desk.store.authenticate(&[2; 32]).await.unwrap();
    let granted_until = grant.expect("the key is good").expires;
    assert_eq!(granted_until, key.expires, "who remembers it knows its end");
    let soon = Micros(Micros::now().0 + 400_000);
    make_key(&desk, 3, Some(soon)).await;
    let was_good = opens(&desk, 3).await;
    assert!(was_good || Micros::now() >= soon, "before its end");
    while Micros::now() < soon {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!opens(&desk, 3).await, "from the moment on");
    let listed = desk.store.list_keys(&desk.project).await.unwrap();
    assert_eq!(listed.len(), 3, "expired ones are still listed");
    assert!(listed.iter().all(|key| key.revoked.is_none()));
}

async fn find_last_use(desk: &Desk, key: &KeyId) -> Option<Micros> {
    let found = desk.store.find_key(key).await.expect("the key is read");
    found.expect("the key exists").last_used
}

/// The use of a key is noted by and by.
async fn wait_for_use(desk: &Desk, key: &KeyId) -> Micros {
    for _ in 0..2_000 {
        if let Some(at) = find_last_use(desk, key).await {
            return at;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the use of the key was not noted");
}

pub async fn the_use_of_a_key_is_noted_to_the_minute(desk: Desk) {
    let used = make_key(&desk, 1, None).await;
    let expired = make_key(&desk, 2, Some(Micros::now())).await;
    let unused = make_key(&desk, 3, None).await;
    assert_eq!(used.last_used, None);
    let before = Micros::now();
    for _ in 0..20 {
        assert!(opens(&desk, 1).await);
        assert!(!opens(&desk, 2).await);
    }
    let noted = wait_for_use(&desk, &used.id).await;
    assert_eq!(noted.0 % MICROS_PER_MINUTE, 0, "{noted}");
    let first = before.0 - before.0.rem_euclid(MICROS_PER_MINUTE);
    assert!(first <= noted.0 && noted <= Micros::now(), "{noted}");
    assert_eq!(find_last_use(&desk, &expired.id).await, None);
    assert_eq!(find_last_use(&desk, &unused.id).await, None);
}

pub async fn a_key_says_who_made_it(desk: Desk) {
    let makers = [
        Actor::Operator,
        Actor::Account(AccountId::new("acc_1")),
        Actor::Key(KeyId::new("key_1")),
    ];
    for (by, byte) in makers.iter().zip(1..) {
        let made = desk
            .store
            .create_key(&desk.project, new_key(byte, None), by);
        let made = made.await.expect("a key is made");
        assert_eq!(made.created_by.as_deref(), Some(by.as_str()));
        let listed = desk.store.list_keys(&desk.project).await.unwrap();
        assert!(listed.contains(&made));
    }
}
