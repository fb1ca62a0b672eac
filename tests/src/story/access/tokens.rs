//! Personal tokens, and what a lower role ends at once.
use crate::harness::Server;
use crate::harness::person::Person;

fn find_project(server: &Server) -> String {
    let me = server.client().read("/v1/me");
    me["project"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_acts_as_its_account_and_as_a_member_at_most() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let project = find_project(&server);
    let token = owner.make_token();
    let client = server.client().anonymous();
    let call = |method: &str, path: &str, body: &str| {
        let headers = [
            ("x-session-token", token.as_str()),
            ("x-project-id", project.as_str()),
            ("content-type", "application/json"),
        ];
        client.send(method, path, &headers, body.as_bytes())
    };
    let me = call("GET", "/v1/me", "").expect(200).json();
    assert_eq!(me["role"], "MEMBER", "{me}");
    assert!(
        me["developerId"].as_str().unwrap().starts_with("acc_"),
        "{me}"
    );
    assert_eq!(me["developerId"], me["endUserId"]);
    let trace = crate::harness::sample::trace("t", "u").to_string();
    call("POST", "/v1/traces", &trace).expect(202);
    server.client().read("/v1/users/by-external-id/u");
    call("PATCH", "/v1/users/usr_none", "{\"name\":\"x\"}").expect(404);
    call("DELETE", "/v1/users/usr_none", "").expect_problem(403, "forbidden");
    let bearer = format!("Bearer {token}");
    let path = format!("/v1/users?projectId={project}");
    client
        .send("GET", &path, &[("authorization", &bearer)], b"")
        .expect(200);
    let key_first = [
        ("x-api-key", "co_sk_wrong"),
        ("x-session-token", token.as_str()),
    ];
    client.send("GET", &path, &key_first, b"").expect(401);
    client
        .send("GET", "/account", &[("x-session-token", &token)], b"")
        .expect(303);
    let page = owner.open("/account").expect(200).text();
    assert!(!page.contains(&token), "a token is shown once");
    let id = crate::harness::person::find_between(&page, "name=\"token\" value=\"", "\"");
    owner
        .submit("/account", "/account/tokens/revoke", &[("token", &id)])
        .expect(303);
    call("GET", "/v1/me", "").expect_problem(401, "unauthorized");
}

#[test]
fn a_lower_role_ends_access_at_once() {
    let server = Server::start();
    let owner = Person::set_up(&server);
    let project = find_project(&server);
    let mut bob = Person::join(&server, "bob@acme.example", "default", "ADMIN");
    let token = bob.make_token();
    let page = format!("/members?projectId={project}");
    let fields = [("email", "friend@acme.example"), ("role", "MEMBER")];
    let invited = bob
        .submit(&page, &page.replace("/members", "/members/invite"), &fields)
        .expect(200)
        .text();
    let link =
        crate::harness::person::find_between(&invited, "<code id=\"invite-link\">", "</code>");
    let link = crate::harness::person::read_path(&link);
    server
        .run(&["accounts", "role", "bob@acme.example", "VIEWER"])
        .expect_success();
    bob.open("/account").expect(303);
    let client = server.client().anonymous();
    let headers = [
        ("x-session-token", token.as_str()),
        ("x-project-id", project.as_str()),
    ];
    client.send("GET", "/v1/me", &headers, b"").expect(401);
    Person::new(&server, "friend@acme.example")
        .open(&link)
        .expect(404);
    bob.cookies.clear();
    bob.log_in(crate::harness::person::PASSWORD).expect(303);
    bob.open(&page).expect(200);
    bob.open(&page.replace("/members", "/audit")).expect(403);
    let last = server
        .run(&["accounts", "role", &owner.email, "ADMIN"])
        .expect_failure();
    assert!(last.err.contains("last owner"), "{}", last.err);
    let list = server
        .run(&["accounts", "list", "--json"])
        .expect_success()
        .json();
    assert_eq!(list[0]["email"], "bob@acme.example");
    assert_eq!(list[0]["workspaces"][0]["role"], "VIEWER");
    assert_eq!(
        (&list[0]["operator"], &list[1]["operator"]),
        (&false.into(), &true.into())
    );
}

#[test]
fn admins_keep_their_hands_off_owners_and_keys_off_their_makers_power() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let project = find_project(&server);
    let page = |path: &str| format!("{path}?projectId={project}");
    let mut admin = Person::join(&server, "admin@acme.example", "default", "ADMIN");
    let mut member = Person::join(&server, "member@acme.example", "default", "MEMBER");
    let list = server
        .run(&["accounts", "list", "--json"])
        .expect_success()
        .json();
    let id_of = |email: &str| {
        let mut all = list.as_array().unwrap().iter();
        let found = all.find(|account| account["email"] == email).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let owner_id = id_of(&owner.email);
    let (from, role, remove) = (
        page("/members"),
        page("/members/role"),
        page("/members/remove"),
    );
    let to = |id: &str, role: &str| {
        [
            ("account".to_owned(), id.to_owned()),
            ("role".to_owned(), role.to_owned()),
        ]
    };
    let send = |person: &mut Person, action: &str, pairs: &[(String, String)]| {
        let fields: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        person.submit(&from, action, &fields).status
    };
    assert_eq!(send(&mut admin, &role, &to(&owner_id, "VIEWER")), 403);
    assert_eq!(send(&mut admin, &remove, &to(&owner_id, "")), 403);
    assert_eq!(
        send(
            &mut admin,
            &role,
            &to(&id_of("admin@acme.example"), "OWNER")
        ),
        403
    );
    assert_eq!(
        send(
            &mut member,
            &role,
            &to(&id_of("member@acme.example"), "ADMIN")
        ),
        403
    );
    assert_eq!(
        send(&mut owner, &remove, &to(&owner_id, "")),
        409,
        "the last owner"
    );
    assert_eq!(
        send(
            &mut admin,
            &role,
            &to(&id_of("member@acme.example"), "ADMIN")
        ),
        303
    );
    let mut member = Person::join(&server, "third@acme.example", "default", "MEMBER");
    let keys = page("/settings/keys");
    let made = member.submit(
        &keys,
        &keys,
        &[("name", "x"), ("scope", "read"), ("scope", "ingest")],
    );
    let made = made.expect(200).text();
    let key = crate::harness::person::find_between(&made, "<code id=\"new-key\">", "</code>");
    assert!(made.contains("curl -sS") && made.contains(&key));
    server.client().with_key(&key).get("/v1/users").expect(200);
    assert!(
        !member.open(&keys).expect(200).text().contains(&key),
        "a key is shown once"
    );
    member
        .submit(&keys, &keys, &[("scope", "admin")])
        .expect(403);
    let last = admin
        .submit(&keys, &keys, &[("scope", "admin"), ("days", "7")])
        .expect(200);
    let key =
        crate::harness::person::find_between(&last.text(), "<code id=\"new-key\">", "</code>");
    server
        .client()
        .with_key(&key)
        .delete("/v1/users/usr_none")
        .expect(404);
    assert_eq!(
        send(&mut member, &remove, &to(&id_of("admin@acme.example"), "")),
        403
    );
    let audit = owner.open(&page("/audit")).expect(200).text();
    for word in ["key.create", "member.role", "admin@acme.example"] {
        assert!(audit.contains(word), "{word}");
    }
}
