//! Requests that another site makes with our visitor's cookie: refused, and nothing is changed.
use crate::harness::Server;
use crate::harness::person::{Person, SAME_ORIGIN};

#[test]
fn a_form_of_another_site_changes_nothing() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let token = owner.find_token("/account");
    let url = server.url();
    let good = ("formToken", token.as_str());
    let cross = [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("sec-fetch-site", "cross-site"), ("origin", url.as_str())],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![],
    ];
    for headers in &cross {
        for (path, fields) in [
            ("/account/name", vec![good, ("name", "Mallory")]),
            ("/logout", vec![good]),
            ("/login", vec![good, ("email", "x@y.example")]),
        ] {
            let answer = owner.post(path, headers, &fields);
            assert_eq!(answer.status, 403, "{path} {headers:?}");
        }
    }
    let other = Person::set_token_of(&server, &owner);
    let short = &token[..63];
    for fields in [
        vec![],
        vec![("formToken", "")],
        vec![("formToken", short)],
        vec![("formToken", other.as_str())],
    ] {
        let mut all = fields.clone();
        all.push(("name", "Mallory"));
        owner
            .post("/account/name", &[SAME_ORIGIN], &all)
            .expect(403);
    }
    assert!(
        !owner
            .open("/account")
            .expect(200)
            .text()
            .contains("Mallory")
    );
    let fields = [good, ("name", "Ann")];
    owner
        .post("/account/name", &[("origin", url.as_str())], &fields)
        .expect(303);
    assert!(owner.open("/account").expect(200).text().contains("Ann"));
    let large = "x".repeat(300 << 10);
    let fields = [good, ("name", large.as_str())];
    owner
        .post("/account/name", &[SAME_ORIGIN], &fields)
        .expect(413);
}

#[test]
fn the_api_takes_a_cookie_from_pages_of_ours_alone() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let project = server.client().read("/v1/me")["project"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/traces?projectId={project}");
    let body = crate::harness::sample::trace("t", "u").to_string();
    let json = ("content-type", "application/json");
    for headers in [
        vec![json],
        vec![json, ("sec-fetch-site", "cross-site")],
        vec![json, ("origin", "https://evil.example")],
        vec![("content-type", "text/plain"), SAME_ORIGIN],
        vec![SAME_ORIGIN],
    ] {
        let answer = owner.send("POST", &path, &headers, &body);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
    }
    owner
        .send("POST", &path, &[json, SAME_ORIGIN], &body)
        .expect(202);
    let user = server.client().read("/v1/users/by-external-id/u")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let user = format!("/v1/users/{user}?projectId={project}");
    owner
        .send("DELETE", &user, &[SAME_ORIGIN], "")
        .expect_problem(403, "forbidden");
    owner
        .send("GET", &user, &[("sec-fetch-site", "cross-site")], "")
        .expect(200);
    let token = owner.find_token("/account");
    owner
        .send(
            "DELETE",
            &user,
            &[SAME_ORIGIN, ("x-form-token", &token)],
            "",
        )
        .expect(200);
    owner
        .send("GET", "/v1/users", &[], "")
        .expect_problem(400, "project_required");
    let me = owner
        .send("GET", "/v1/me", &[("x-project-id", &project)], "")
        .expect(200)
        .json();
    assert_eq!(me["role"], "OWNER");
    assert!(
        me.get("scopes").is_none() && me.get("endUserId").is_none(),
        "{me}"
    );
}

impl Person {
    /// The form token of another log-in of the same person.
    fn set_token_of(server: &Server, of: &Person) -> String {
        let mut other = Person::new(server, &of.email);
        other.log_in(crate::harness::person::PASSWORD).expect(303);
        other.find_token("/account")
    }
}
