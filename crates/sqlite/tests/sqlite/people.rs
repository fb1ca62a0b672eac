//! Those who are logged in, on a file that takes no more writes.
use cognobserve_model::people::LinkKind;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};
use cognobserve_ports::{Acceptance, Actor, NewLink, NewLogin, NewToken, People};
use cognobserve_registry::Registry;
use cognobserve_sqlite::{Mode, SqliteStore};

#[tokio::test]
async fn who_is_logged_in_may_look_though_nothing_can_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let people = Registry::new(SqliteStore::open(dir.path(), Mode::Serve).unwrap());
    let now = Micros::now();
    let end = Micros(now.0 + MICROS_PER_DAY);
    let setup = NewLink {
        hash: [1; 32],
        kind: LinkKind::Setup,
        expires: end,
    };
    let link = people.create_link(setup, &Actor::Operator).await;
    assert_eq!(link.unwrap(), Ok(()));
    let ann = Acceptance {
        email: "ann@acme.example".into(),
        name: None,
        password_hash: Some("hash".into()),
    };
    let made = people.accept_link(&[1; 32], ann, now).await.unwrap();
    let account = made.expect("the first account").id;
    let login = NewLogin {
        hash: [2; 32],
        expires: end,
        agent: None,
        address: None,
    };
    let known = people.find_credentials("ann@acme.example").await.unwrap();
    let known = known.expect("an account");
    let login = people.begin_login(&known, login).await.unwrap();
    let login = login.expect("a log-in").id;
    let token = NewToken {
        hash: [3; 32],
        prefix: "co_st_".into(),
        name: "script".into(),
        expires: end,
    };
    let token = people.create_token(&account, &login, token).await;
    assert!(token.unwrap().is_some());
    let conn = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    for table in ["logins", "session_tokens"] {
        let refuse = format!(
            "CREATE TRIGGER full_{table} BEFORE UPDATE ON {table} BEGIN SELECT RAISE(FAIL, 'full'); END"
        );
        conn.execute(&refuse, []).unwrap();
    }
    // Late enough for being seen to be written down.
    let later = Micros(now.0 + MICROS_PER_DAY / 2);
    assert!(people.find_login(&[2; 32], later).await.unwrap().is_some());
    assert!(people.find_token(&[3; 32], later).await.unwrap().is_some());
    let seen = people.list_logins(&account, later).await.unwrap()[0].last_seen;
    assert!(seen < later, "the write did fail");
}
