//! The end of a project: for owners, who type its name.
use crate::harness::Server;
use crate::harness::person::Person;
use crate::harness::sample::trace;

#[test]
fn a_project_is_deleted_by_an_owner_who_types_its_name() {
    let server = Server::start();
    let mut owner = Person::set_up(&server);
    let mut admin = Person::join(&server, "admin@acme.example", "default", "ADMIN");
    server
        .client()
        .post("/v1/traces", &trace("t", "u"))
        .expect(202);
    let user = server.client().read("/v1/users/by-external-id/u");
    let project = server.client().read("/v1/me")["project"].clone();
    let (id, name) = (
        project["id"].as_str().unwrap(),
        project["name"].as_str().unwrap(),
    );
    let page = |path: &str| format!("{path}?projectId={id}");
    let (settings, delete) = (page("/settings"), page("/projects/delete"));
    let is_there = |owner: &mut Person| {
        let user = page(&format!("/users/{}", user["id"].as_str().unwrap()));
        owner.open(&user).status == 200
    };
    let form = owner.open(&settings).expect(200).text();
    assert!(form.contains("/projects/delete") && form.contains(&format!("<code>{name}</code>")));
    let (shorter, louder) = (&name[1..], name.to_uppercase());
    for wrong in ["", shorter, &louder, id, "*"] {
        let answer = owner.submit(&settings, &delete, &[("name", wrong)]);
        let text = answer.expect(400).text();
        assert!(text.contains("nothing was deleted"), "{wrong:?}: {text}");
    }
    owner.submit(&settings, &delete, &[]).expect(400);
    assert!(is_there(&mut owner));
    let offered = admin.open(&settings).expect(200).text();
    assert!(!offered.contains("/projects/delete"), "not to an ADMIN");
    admin
        .submit(&settings, &delete, &[("name", name)])
        .expect(403);
    assert!(is_there(&mut owner));

    owner
        .submit(&settings, &delete, &[("name", name)])
        .expect(303);
    assert!(!is_there(&mut owner));
    owner.open(&settings).expect(404);
    owner
        .submit("/account", &delete, &[("name", name)])
        .expect(404);
    let left = server.run(&["projects", "list", "--json"]).expect_success();
    assert!(!left.out.contains(id), "{}", left.out);
}
