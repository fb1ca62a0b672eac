//! One-time links: looking does not use them, using them does, and a newer one ends an older.
use crate::harness::person::{LINK_FILE, PASSWORD, Person, invite, read_first_link, read_path};
use crate::harness::{Server, Setup};
use std::os::unix::fs::PermissionsExt;

const NEW: [(&str, &str); 3] = [
    ("email", "Ann@Acme.Example"),
    ("password", PASSWORD),
    ("again", PASSWORD),
];

#[test]
fn the_first_link_makes_the_first_account_once() {
    let mut server = Server::start();
    let file = server.data_dir().join(LINK_FILE);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let old = read_first_link(&server);
    assert!(!server.read_log().contains(&old), "the log has the link");
    server.stop();
    server.start_again();
    let link = read_first_link(&server);
    assert_ne!(old, link);
    let mut ann = Person::new(&server, "ann@acme.example");
    ann.open(&old).expect(404);
    for _ in 0..3 {
        ann.open(&link).expect(200);
    }
    let short = [
        ("email", "ann@acme.example"),
        ("password", "short"),
        ("again", "short"),
    ];
    let page = ann.submit(&link, &link, &short).expect(422).text();
    assert!(
        page.contains("10 to 256") && page.contains("ann@acme.example"),
        "{page}"
    );
    assert!(!page.contains("short"), "passwords do not come back");
    let mut other = ann.clone();
    let token = other.find_token(&link);
    ann.submit(&link, &link, &NEW).expect(303);
    ann.open("/account").expect(200);
    let mut late = NEW.to_vec();
    late.push(("formToken", &token));
    other
        .post(&link, &[crate::harness::person::SAME_ORIGIN], &late)
        .expect(404);
    other.open(&link).expect(404);
    let members = ann.open("/members");
    assert_eq!(members.status, 303);
    let members = ann.open(members.header("location")).expect(200).text();
    assert!(
        members.contains("ann@acme.example") && members.contains("OWNER"),
        "{members}"
    );
    server.stop();
    server.start_again();
    assert!(!file.exists(), "there is an account");
    other.log_in(PASSWORD).expect(303);
}

#[test]
fn an_account_may_be_given_by_settings() {
    let server = Setup::new()
        .setting("COGNOBSERVE_INIT_ADMIN_EMAIL", "boss@acme.example")
        .setting("COGNOBSERVE_INIT_ADMIN_PASSWORD", PASSWORD)
        .start();
    assert!(!server.data_dir().join(LINK_FILE).exists());
    let mut boss = Person::new(&server, "boss@acme.example");
    boss.log_in(PASSWORD).expect(303);
    let page = boss.open("/account").expect(200).text();
    assert!(
        page.contains("operator") && page.contains("OWNER"),
        "{page}"
    );
    assert!(!server.read_log().contains(PASSWORD));
}

#[test]
fn an_invitation_makes_an_account_or_asks_for_the_one_there_is() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let page = owner.open("/members").header("location").to_owned();
    let action = page.replace("/members", "/members/invite");
    let fields = [("email", "bob@acme.example"), ("role", "MEMBER")];
    let made = owner.submit(&page, &action, &fields).expect(200).text();
    let link = crate::harness::person::find_between(&made, "<code id=\"invite-link\">", "</code>");
    let link = read_path(&link);
    let mut bob = Person::new(&server, "bob@acme.example");
    bob.submit(&link, &link, &[("password", PASSWORD), ("again", PASSWORD)])
        .expect(303);
    assert!(bob.open("/account").expect(200).text().contains("MEMBER"));
    // Who is a member already gets no link, by the page or by the command.
    let fields = [("email", "Bob@Acme.example"), ("role", "ADMIN")];
    let told = owner.submit(&page, &action, &fields).expect(409).text();
    assert!(
        told.contains("is MEMBER of this workspace already"),
        "{told}"
    );
    assert!(!told.contains("invite-link"), "{told}");
    let args = ["accounts", "invite", "bob@acme.example", "--role", "ADMIN"];
    let told = server.run(&args).expect_failure();
    assert!(told.err.contains("is MEMBER of the workspace"), "{told:?}");
    assert_eq!(told.out, "");
    assert!(bob.open("/account").expect(200).text().contains("MEMBER"));
    // A second workspace: the account is there, so its password is asked for.
    server
        .run(&["projects", "create", "other", "--workspace", "other"])
        .expect_success();
    let link = invite(&server, "bob@acme.example", "other", "ADMIN");
    let mut thief = Person::new(&server, "bob@acme.example");
    thief
        .submit(&link, &link, &[("password", "wrong password")])
        .expect(401);
    let fields = [
        ("password", "another password"),
        ("again", "another password"),
    ];
    thief.submit(&link, &link, &fields).expect(401);
    bob.submit(&link, &link, &[]).expect(303);
    let page = bob.open("/account").expect(200).text();
    assert!(page.contains("<dt>other</dt><dd>ADMIN</dd>"), "{page}");
    thief.log_in("another password").expect(401);
    // The later of two invitations counts.
    let first = invite(&server, "eve@acme.example", "other", "ADMIN");
    let second = invite(&server, "eve@acme.example", "other", "VIEWER");
    let mut eve = Person::new(&server, "eve@acme.example");
    eve.open(&first).expect(404);
    eve.open(&second).expect(200);
    let fields = ["accounts", "invite", "x@y.example", "--workspace", "none"];
    server.run(&fields).expect_failure();
}

#[test]
fn a_link_of_the_command_line_begins_as_set_or_says_what_is_assumed() {
    let server = Server::start();
    let file = server.data_dir().with_file_name("settings.toml");
    let make = |settings: &str| {
        std::fs::write(&file, settings).expect("a file");
        let path = file.to_str().expect("a path");
        let args = ["accounts", "invite", "eve@acme.example", "--config", path];
        server.run(&args).expect_success()
    };
    let made = make("public_url = \"https://observe.example\"");
    assert!(
        made.out.starts_with("https://observe.example/link/"),
        "{made:?}"
    );
    assert!(!made.err.contains("public_url"), "{made:?}");
    let made = make("listen = \"0.0.0.0:4177\"");
    assert!(
        made.out.starts_with("http://127.0.0.1:4177/link/"),
        "{made:?}"
    );
    assert_eq!(made.out.lines().count(), 1);
    for words in ["public_url is not set", "http://127.0.0.1:4177,"] {
        assert!(made.err.contains(words), "{made:?}");
    }
}

#[test]
fn a_reset_sets_a_password_and_ends_everything_else() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let token = owner.make_token();
    let client = server.client().anonymous();
    let me = |token: &str| client.send("GET", "/v1/me", &[("x-session-token", token)], b"");
    assert_eq!(me(&token).status, 400, "no project is named");
    let made = server
        .run(&["accounts", "reset", "owner@acme.example"])
        .expect_success();
    let link = read_path(&made.out);
    let mut fresh = Person::new(&server, "owner@acme.example");
    let fields = [("password", "a new password"), ("again", "a new password")];
    fresh.submit(&link, &link, &fields).expect(303);
    fresh.open("/account").expect(200);
    owner.open("/account").expect(303);
    assert_eq!(me(&token).status, 401);
    fresh.open(&link).expect(404);
    owner.cookies.clear();
    owner.log_in(PASSWORD).expect(401);
    owner.log_in("a new password").expect(303);
    server
        .run(&["accounts", "reset", "nobody@acme.example"])
        .expect_failure();
}
