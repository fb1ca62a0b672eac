//! Invitations that wait: who sees them, who takes them back, and that no link comes out of it.
use crate::harness::Server;
use crate::harness::person::{Person, find_between, invite, read_path};
use serde_json::json;

#[test]
fn an_invitation_that_waits_is_seen_and_revoked_by_who_may_invite() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let mut admin = Person::join(&server, "adam@acme.example", "default", "ADMIN");
    let mut member = Person::join(&server, "mia@acme.example", "default", "MEMBER");
    let page = owner.open("/members").header("location").to_owned();
    let before = owner.open(&page).expect(200).text();
    assert!(!before.contains("Pending invitations"), "{before}");
    let action = page.replace("/members", "/members/invite");
    let fields = [("email", "olga@acme.example"), ("role", "OWNER")];
    let made = owner.submit(&page, &action, &fields).expect(200).text();
    let link = read_path(&find_between(&made, "<code id=\"invite-link\">", "</code>"));
    let shown = owner.open(&page).expect(200).text();
    let row = find_between(&shown, "<td class=\"wrap\">olga@acme.example", "</tr>");
    for word in ["OWNER", "owner@acme.example", "Revoke"] {
        assert!(row.contains(word), "no {word}: {row}");
    }
    let secret = link.trim_start_matches("/link/");
    assert!(!shown.contains(secret), "the link is shown again");
    // An ADMIN sees an invitation of an OWNER and may not take it back; a MEMBER sees none.
    let seen = admin.open(&page).expect(200).text();
    let row = find_between(&seen, "<td class=\"wrap\">olga@acme.example", "</tr>");
    assert!(!row.contains("Revoke</button>"), "{row}");
    let revoke = page.replace("/members", "/members/invitations/revoke");
    let olga = [("email", "olga@acme.example")];
    admin.submit(&page, &revoke, &olga).expect(403);
    assert!(!member.open(&page).expect(200).text().contains("olga@"));
    member.submit(&page, &revoke, &olga).expect(403);
    let mut guest = Person::new(&server, "olga@acme.example");
    guest.open(&link).expect(200);
    owner.submit(&page, &revoke, &olga).expect(303);
    guest.open(&link).expect(404);
    owner.submit(&page, &revoke, &olga).expect(404);
    let after = owner.open(&page).expect(200).text();
    assert!(!after.contains("olga@acme.example"), "{after}");
    let log = page.replace("/members", "/audit");
    let log = owner.open(&log).expect(200).text();
    assert!(log.contains("<code>link.revoke</code>"), "{log}");
}

#[test]
fn the_command_lists_and_revokes_invitations() {
    let server = Server::start();
    let link = invite(&server, "eve@acme.example", "default", "VIEWER");
    let secret = link.trim_start_matches("/link/").to_owned();
    let listed = server.run(&["accounts", "invitations", "--json"]);
    let listed = listed.expect_success();
    assert!(!listed.out.contains(&secret), "the link is printed again");
    let listed = listed.json();
    let one = &listed[0];
    let told = [&one["email"], &one["role"], &one["createdBy"]];
    assert_eq!(
        told,
        [
            &json!("eve@acme.example"),
            &json!("VIEWER"),
            &json!("operator")
        ]
    );
    assert!(one["expiresAt"].as_str() > one["createdAt"].as_str());
    let table = server.run(&["accounts", "invitations"]).expect_success();
    assert!(table.out.contains("eve@acme.example"), "{}", table.out);
    server
        .run(&["accounts", "uninvite", "Eve@Acme.example"])
        .expect_success();
    let mut eve = Person::new(&server, "eve@acme.example");
    eve.open(&link).expect(404);
    let again = server.run(&["accounts", "uninvite", "eve@acme.example"]);
    let told = again.expect_failure();
    assert!(told.err.contains("has no invitation"), "{told:?}");
    let none = server.run(&["accounts", "invitations", "--json"]);
    assert_eq!(none.expect_success().json(), json!([]));
}
