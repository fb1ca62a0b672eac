//! A form that somebody begins to send before they lose their role, and ends after it.
use crate::harness::Server;
use crate::harness::openapi::FIRST_PROJECT;
use crate::harness::person::{Person, SAME_ORIGIN, write_form};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A form that has been sent but for its last byte.
struct Held {
    stream: TcpStream,
    last: String,
}

impl Held {
    fn begin(server: &Server, person: &mut Person, page: &str, fields: &[(&str, &str)]) -> Held {
        let token = person.find_token("/account");
        let mut all = vec![("formToken", token.as_str())];
        all.extend(fields);
        let mut body = write_form(&all);
        let (site, origin) = SAME_ORIGIN;
        let head = format!(
            "POST {page} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{site}: {origin}\r\ncookie: co_session={}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
            person.cookie(),
            body.len()
        );
        let last = body.split_off(body.len() - 1);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all((head + &body).as_bytes()).unwrap();
        Held { stream, last }
    }

    /// The status that it gets in the end.
    fn end(mut self) -> u16 {
        self.stream.write_all(self.last.as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).expect("a status");
        status.parse().expect("a number")
    }
}

#[test]
fn what_was_begun_with_a_higher_role_is_not_ended_with_a_lower_one() {
    let server = Server::start();
    Person::set_up(&server);
    let me = server.client().read("/v1/me");
    let project = me["project"]["id"].as_str().unwrap().to_owned();
    let mut bob = Person::join(&server, "bob@acme.example", FIRST_PROJECT, "ADMIN");
    let at = |path: &str| format!("{path}?projectId={project}");
    let key = [("name", "late"), ("scope", "admin")];
    let friend = [("email", "friend@acme.example"), ("role", "ADMIN")];
    let token = [("token_name", "late"), ("days", "90")];
    let settings = [("timeZone", "Asia/Tokyo")];
    let forms: [(String, &[(&str, &str)]); 4] = [
        (at("/settings/keys"), &key),
        (at("/members/invite"), &friend),
        ("/account/tokens".to_owned(), &token),
        (at("/settings"), &settings),
    ];
    let held: Vec<Held> = forms
        .iter()
        .map(|(page, fields)| Held::begin(&server, &mut bob, page, fields))
        .collect();
    // Their heads have been read by now: this one came later.
    bob.open("/account").expect(200);
    let list = |args: &[&str]| {
        let printed = server.run(args).expect_success();
        printed.json().as_array().expect("a list").len()
    };
    let keys = list(&["keys", "list", "--json"]);
    server
        .run(&["accounts", "role", "bob@acme.example", "VIEWER"])
        .expect_success();
    for (form, (page, _)) in held.into_iter().zip(&forms) {
        assert_eq!(form.end(), 401, "{page}");
    }
    assert_eq!(list(&["keys", "list", "--json"]), keys);
    let after = server.client().read("/v1/me");
    assert_eq!(after["project"], me["project"]);
    bob.cookies.clear();
    bob.log_in(crate::harness::person::PASSWORD).expect(303);
    let page = bob.open("/account").expect(200).text();
    assert!(!page.contains("late"), "{page}");
}
