//! Log-ins: their cookie, their end, and how guessing gets slower.
use crate::harness::person::{PASSWORD, Person};
use crate::harness::{Answer, Server, Setup};
use std::time::{Duration, Instant};

fn find_cookie<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let prefix = format!("{name}=");
    let mut all = answer.cookies.iter();
    all.find(|cookie| cookie.starts_with(&prefix))
        .unwrap_or_else(|| panic!("no {name}: {:?}", answer.cookies))
}

#[test]
fn a_log_in_has_a_cookie_that_scripts_and_strangers_do_not_get() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let before = owner.cookie().to_owned();
    let mut again = owner.clone();
    let answer = again.log_in_form();
    let cookie = find_cookie(&answer, "co_session");
    for part in [
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=2592000",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert_ne!(again.cookie(), before, "a log-in gets a new id");
    owner.open("/account").expect(303);
    again.submit("/account", "/logout", &[]).expect(303);
    assert_eq!(again.cookie(), "");
}

#[test]
fn under_https_the_cookie_is_for_https_and_this_host() {
    let server = Setup::new()
        .setting("COGNOBSERVE_PUBLIC_URL", "https://observe.example")
        .start();
    let owner = Person::set_up(&server);
    assert!(
        owner.cookies.contains_key("__Host-co_session"),
        "{:?}",
        owner.cookies
    );
    let mut other = Person::new(&server, &owner.email);
    let answer = other.log_in(PASSWORD).expect(303);
    let cookie = find_cookie(&answer, "__Host-co_session");
    assert!(
        cookie.contains("; Secure") && cookie.contains("; Path=/;"),
        "{cookie}"
    );
    // A cookie of plain http, which another could have planted, opens nothing.
    let secret = owner.cookies["__Host-co_session"].clone();
    let mut planted = Person::new(&server, &owner.email);
    planted.cookies.insert("co_session".into(), secret);
    planted.open("/account").expect(303);
}

#[test]
fn log_out_a_new_password_and_the_list_end_log_ins() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let (mut second, mut third) = (owner.log_in_again(), owner.log_in_again());
    let mut copy = third.clone();
    third.submit("/account", "/logout", &[]).expect(303);
    copy.open("/account").expect(303);
    let page = owner.open("/account").expect(200).text();
    let login = crate::harness::person::find_between(&page, "name=\"login\" value=\"", "\"");
    owner
        .submit("/account", "/account/logins/end", &[("login", &login)])
        .expect(303);
    second.open("/account").expect(303);
    let mut second = owner.log_in_again();
    let wrong = [
        ("present", "not this one"),
        ("password", "another password"),
        ("again", "another password"),
    ];
    owner
        .submit("/account", "/account/password", &wrong)
        .expect(422);
    let right = [
        ("present", PASSWORD),
        ("password", "another password"),
        ("again", "another password"),
    ];
    owner
        .submit("/account", "/account/password", &right)
        .expect(200);
    owner.open("/account").expect(200);
    second.open("/account").expect(303);
    second.cookies.clear();
    second.log_in(PASSWORD).expect(401);
    second.log_in("another password").expect(303);
}

#[test]
fn after_a_log_in_one_lands_where_one_wanted_to_go_and_nowhere_else() {
    let server = Server::start();
    let owner = Person::set_up(&server);
    let mut person = Person::new(&server, &owner.email);
    let sent = person.open("/members?projectId=x");
    assert_eq!(sent.status, 303);
    assert_eq!(
        sent.header("location"),
        "/login?next=%2Fmembers%3FprojectId%3Dx"
    );
    for (next, place) in [
        ("/members?projectId=x", "/members?projectId=x"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        let mut person = Person::new(&server, &owner.email);
        let fields = [
            ("email", owner.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = person.submit("/login", "/login", &fields).expect(303);
        assert_eq!(answer.header("location"), place, "{next}");
    }
}

#[test]
fn nobody_learns_which_accounts_there_are() {
    let server = Server::start();
    let owner = Person::set_up(&server);
    let mut said = Vec::new();
    for email in [owner.email.as_str(), "nobody@acme.example"] {
        let mut person = Person::new(&server, email);
        let fields = [("email", email), ("password", "not the password")];
        let token = person.find_token("/login");
        let start = Instant::now();
        let answer = person.submit("/login", "/login", &fields).expect(401);
        let took = start.elapsed();
        let text = answer.text().replace(email, "EMAIL");
        let own = person.find_token("/login");
        said.push((text.replace(&own, "TOKEN").replace(&token, "TOKEN"), took));
    }
    assert_eq!(said[0].0, said[1].0);
    let (one, other) = (said[0].1, said[1].1);
    assert!(one < other * 5 && other < one * 5, "{one:?} and {other:?}");
}

#[test]
fn guessing_gets_slower_for_one_address_and_for_nobody_else() {
    let server = Setup::new()
        .setting("COGNOBSERVE_TRUSTED_PROXIES", "127.0.0.1")
        .start();
    let owner = Person::set_up(&server);
    let at = |address: &str| {
        let mut person = Person::new(&server, &owner.email);
        person
            .headers
            .push(("x-forwarded-for".into(), address.into()));
        person
    };
    let mut guesser = at("198.51.100.7");
    let refused = (0..20).find_map(|n| {
        let answer = guesser.log_in(&format!("guess number {n}"));
        (answer.status == 429).then_some(answer)
    });
    let refused = refused.expect("guessing is slowed down");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    assert!(refused.text().contains("Too many attempts"));
    assert_eq!(
        guesser.log_in(PASSWORD).status,
        429,
        "even when it is right"
    );
    at("203.0.113.9").log_in(PASSWORD).expect(303);
    std::thread::sleep(Duration::from_secs(wait));
    guesser.log_in(PASSWORD).expect(303);
    // Without a proxy of ours the header is the client's own word.
    let server = Server::start();
    let owner = Person::set_up(&server);
    let statuses: Vec<u16> = (0..8)
        .map(|n| {
            let mut person = Person::new(&server, &owner.email);
            person
                .headers
                .push(("x-forwarded-for".into(), format!("198.51.100.{n}")));
            person.log_in("not the password").status
        })
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

impl Person {
    /// Logs in while logged in: the page sends those away, so its token comes from a fresh guest.
    fn log_in_form(&mut self) -> Answer {
        let mut guest = self.clone();
        guest.cookies.clear();
        let token = guest.find_token("/login");
        self.cookies.extend(guest.cookies);
        let email = self.email.clone();
        let fields = [
            ("formToken", token.as_str()),
            ("email", email.as_str()),
            ("password", PASSWORD),
        ];
        self.post("/login", &[crate::harness::person::SAME_ORIGIN], &fields)
            .expect(303)
    }
}
