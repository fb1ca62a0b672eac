//! What has an end is refused after it. No request moves the clock: the server is stopped, the ends
//! are put into the past in its own database, and it starts again.
use crate::harness::Server;
use crate::harness::person::{PASSWORD, Person, SAME_ORIGIN, invite, read_path};

/// Lets all that expires in one of the tables have expired a second ago.
fn expire(server: &mut Server, tables: &[(&str, &str)]) {
    server.stop();
    let database = rusqlite::Connection::open(server.data_dir().join("ledger.db")).unwrap();
    for (table, column) in tables {
        let past = "(CAST(strftime('%s', 'now') AS INTEGER) - 1) * 1000000";
        let update = format!("UPDATE {table} SET {column} = {past} WHERE {column} IS NOT NULL");
        let aged = database.execute(&update, []).unwrap();
        assert!(aged > 0, "nothing in {table} expires");
    }
    database.close().unwrap();
    server.start_again();
}

#[test]
fn links_that_have_expired_do_nothing() {
    let mut server = Server::start();
    let owner = Person::set_up(&server);
    let invitation = invite(&server, "bob@acme.example", "default", "ADMIN");
    let made = server.run(&["accounts", "reset", &owner.email]);
    let reset = read_path(&made.expect_success().out);
    let mut bob = Person::new(&server, "bob@acme.example");
    let mut thief = Person::new(&server, &owner.email);
    // The forms were open before the end.
    let forms = [bob.find_token(&invitation), thief.find_token(&reset)];
    expire(&mut server, &[("links", "expires_at")]);

    for (person, link, token) in [
        (&mut bob, &invitation, &forms[0]),
        (&mut thief, &reset, &forms[1]),
    ] {
        let page = person.open(link).expect(404).text();
        assert!(page.contains("link"), "{page}");
        let fields = [
            ("formToken", token.as_str()),
            ("password", "another password"),
            ("again", "another password"),
        ];
        person.post(link, &[SAME_ORIGIN], &fields).expect(404);
        person.open("/account").expect(303);
    }
    thief.log_in("another password").expect(401);
    thief.log_in(PASSWORD).expect(303);
    let accounts = server.run(&["accounts", "list", "--json"]);
    let accounts = accounts.expect_success().json();
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
    // A new link works as ever.
    let again = invite(&server, "bob@acme.example", "default", "MEMBER");
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    bob.submit(&again, &again, &fields).expect(303);
}

#[test]
fn tokens_keys_and_log_ins_that_have_expired_open_nothing() {
    let mut server = Server::start();
    let mut owner = Person::set_up(&server);
    let token = owner.make_token();
    let project = server.client().read("/v1/me")["project"]["name"].clone();
    let made = server.run(&[
        "keys",
        "create",
        "--project",
        project.as_str().unwrap(),
        "--expires",
        "90d",
        "--json",
    ]);
    let key = made.expect_success().json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let project = server.client().read("/v1/me")["project"]["id"].clone();
    let path = format!("/v1/users?projectId={}", project.as_str().unwrap());
    let client = server.client().anonymous();
    let bearer = format!("Bearer {token}");
    let ways = [
        ("x-session-token", token.as_str()),
        ("authorization", &bearer),
        ("x-api-key", &key),
    ];
    for way in ways {
        client.send("GET", &path, &[way], b"").expect(200);
    }
    owner.open("/account").expect(200);
    let ends = [
        ("session_tokens", "expires_at"),
        ("api_keys", "expires"),
        ("logins", "expires_at"),
    ];
    expire(&mut server, &ends);

    for way in ways {
        let answer = client.send("GET", &path, &[way], b"");
        answer.expect_problem(401, "unauthorized");
        for call in ["users.list", "users.summary"] {
            let answer = client.send("GET", &format!("/api/trpc/{call}"), &[way], b"");
            let refused = answer.expect(401).json();
            assert_eq!(refused["error"]["data"]["code"], "UNAUTHORIZED");
        }
        let body = br#"{"id":"usr_none"}"#;
        let headers = [way, ("content-type", "application/json")];
        let answer = client.send("POST", "/api/trpc/users.delete", &headers, body);
        answer.expect(401);
    }
    // The log-in's cookie as well, while it is still sent.
    owner
        .send("GET", "/api/trpc/users.list", &[], "")
        .expect(401);
    let away = owner.open("/account").expect(303);
    assert!(away.header("location").starts_with("/login"));
    owner.cookies.clear();
    owner.log_in(PASSWORD).expect(303);
    let page = owner.open("/account").expect(200).text();
    assert!(page.contains("script"), "the token is still listed");
    server.client().read("/v1/users");
}
