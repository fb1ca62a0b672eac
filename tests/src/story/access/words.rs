//! Pages of words: in the frame that all pages have for who is logged in, with the way to the
//! log-in for who is not, and the same for what is missing and what is foreign.
use crate::harness::Server;
use crate::harness::person::Person;

const HTML: [(&str, &str); 1] = [("accept", "text/html")];
/// The switcher, the search box and the rooms.
const FRAME: [&str; 4] = [
    "<details class=\"pop switcher\">",
    "<form class=\"search\"",
    "aria-label=\"Main\"",
    "To the overview",
];

#[test]
fn what_is_not_there_is_told_inside_the_frame() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let page = owner.open("/members").header("location").to_owned();
    let project = page.split("projectId=").nth(1).unwrap().to_owned();
    for (path, status) in [
        ("/none", 404),
        ("/users/none", 404),
        ("/traces/none", 404),
        ("/sessions/none", 404),
        ("/link/none", 404),
        ("/users?period=none", 400),
    ] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}projectId={project}");
        let answer = owner.send("GET", &path, &HTML, "").expect(status);
        for word in FRAME {
            assert!(answer.text().contains(word), "{path} has no {word}");
        }
    }
    // The same page for a project that is another's, or nobody's.
    server
        .run(&["projects", "create", "theirs", "--workspace", "theirs"])
        .expect_success();
    let listed = server.run(&["projects", "list", "--json"]);
    let listed = listed.expect_success().json();
    let mut all = listed.as_array().unwrap().iter();
    let theirs = all.find(|one| one["name"] == "theirs").unwrap()["id"].clone();
    let mut ask = |project: &str| {
        let path = format!("/users?projectId={project}");
        let answer = owner.send("GET", &path, &HTML, "").expect(404);
        let text = answer.text();
        assert!(text.contains(FRAME[0]), "{text}");
        text
    };
    let none = ask("prj_000000000000000000000000");
    assert_eq!(ask(theirs.as_str().unwrap()), none);
    assert!(!none.contains("prj_000000000000000000000000"), "{none}");
}

#[test]
fn who_is_logged_out_is_led_to_the_log_in() {
    let server = Server::start();
    let mut nobody = Person::new(&server, "nobody@acme.example");
    for path in ["/none", "/link/none"] {
        let page = nobody.send("GET", path, &HTML, "").expect(404).text();
        assert!(!page.contains("switcher"), "{page}");
        assert!(page.contains("href=\"/login\""), "{page}");
        assert!(page.contains("You are not logged in"), "{page}");
        assert!(!page.contains("To the overview"), "{page}");
    }
}

#[test]
fn pages_of_no_project_have_the_frame_of_the_project_before() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    for path in [
        "/account",
        "/installation",
        "/projects/new",
        "/workspaces/new",
    ] {
        let page = owner.open(path).expect(200).text();
        for word in &FRAME[..3] {
            assert!(page.contains(word), "{path} has no {word}");
        }
    }
    // What the address says badly of the period does not keep anybody from their account.
    owner.open("/account?period=none").expect(200);
    // Who is in no workspace has nothing to switch.
    let mut lonely = Person::join(&server, "lena@acme.example", "default", "VIEWER");
    let page = owner.open("/members").header("location").to_owned();
    let shown = owner.open(&page).expect(200).text();
    let row = shown.split("lena@acme.example").nth(1).unwrap();
    let account = row.split("name=\"account\" value=\"").nth(1).unwrap();
    let account = account.split('"').next().unwrap().to_owned();
    let remove = page.replace("/members", "/members/remove");
    owner
        .submit(&page, &remove, &[("account", &account)])
        .expect(303);
    lonely.log_in(crate::harness::person::PASSWORD).expect(303);
    let alone = lonely.open("/account").expect(200).text();
    assert!(!alone.contains(FRAME[0]), "{alone}");
}
