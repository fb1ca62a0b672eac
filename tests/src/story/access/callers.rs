//! Everybody who may come: no credential, ended ones, keys of each scope, each role by log-in and
//! by token, and strangers from another workspace.
use crate::harness::openapi::FIRST_PROJECT;
use crate::harness::person::{Person, SAME_ORIGIN, find_between};
use crate::harness::wait::wait_until;
use crate::harness::{Answer, Server};
use cognobserve_model::account::{Scope, Scopes};
use cognobserve_model::people::Role;
use cognobserve_server::auth::power::Power;
use std::time::Duration;

const EVERYTHING: &str = "ingest,read,admin";

pub struct Caller {
    /// For messages.
    pub name: String,
    pub shown: Shown,
    pub standing: Standing,
}

/// What is sent along.
pub enum Shown {
    Nothing,
    Header(&'static str, String),
    Browser(Person),
}

/// What they are in the project that is asked for.
pub enum Standing {
    Nobody,
    Powerful(Power),
    /// Known, but of another workspace.
    Stranger,
}

impl Caller {
    fn new(name: impl Into<String>, shown: Shown, standing: Standing) -> Caller {
        Caller {
            name: name.into(),
            shown,
            standing,
        }
    }

    /// Whether they are logged in, wherever.
    pub fn is_logged_in(&self) -> bool {
        matches!(self.shown, Shown::Browser(_))
    }

    pub fn send(
        &mut self,
        server: &Server,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(SAME_ORIGIN);
        let anonymous = server.client().anonymous();
        match &mut self.shown {
            Shown::Browser(person) => return person.send(method, path, &headers, body),
            Shown::Header(name, value) => headers.push((name, value)),
            Shown::Nothing => {}
        }
        anonymous.send(method, path, &headers, body.as_bytes())
    }
}

/// One of each kind.
pub fn gather(server: &Server) -> Vec<Caller> {
    let mut owner = Person::set_up(server);
    let mut callers = vec![Caller::new("nobody", Shown::Nothing, Standing::Nobody)];
    callers.extend(gather_ended(server, &mut owner));
    let one_each = Scope::ALL.iter().map(|scope| scope.as_str());
    for scopes in one_each.chain([EVERYTHING]) {
        let power = Power::Key(Scopes::parse(scopes).unwrap());
        let name = format!("key {scopes}");
        let shown = Shown::Header("x-api-key", create_key(server, FIRST_PROJECT, scopes).key);
        callers.push(Caller::new(name, shown, Standing::Powerful(power)));
    }
    callers.extend(gather_ways(owner, Role::Owner));
    for role in [Role::Viewer, Role::Member, Role::Admin] {
        let email = format!("{}@acme.example", role.as_str().to_lowercase());
        let person = Person::join(server, &email, FIRST_PROJECT, role.as_str());
        callers.extend(gather_ways(person, role));
    }
    callers.extend(gather_strangers(server));
    callers
}

/// Somebody by token and by log-in.
fn gather_ways(mut person: Person, role: Role) -> [Caller; 2] {
    let token = person.make_token();
    let member = |role| Standing::Powerful(Power::Member(role));
    let word = role.as_str();
    [
        Caller::new(
            format!("{word} by token"),
            Shown::Header("x-session-token", token),
            member(role.min(Role::Member)),
        ),
        Caller::new(
            format!("{word} by log-in"),
            Shown::Browser(person),
            member(role),
        ),
    ]
}

/// Those of another workspace, who may do everything there.
pub fn gather_strangers(server: &Server) -> Vec<Caller> {
    let other = ["projects", "create", "other", "--workspace", "other"];
    server.run(&other).expect_success();
    let mut person = Person::join(server, "stranger@other.example", "other", "OWNER");
    let key = create_key(server, "other", EVERYTHING).key;
    let ways = [
        ("key", Shown::Header("x-api-key", key)),
        (
            "token",
            Shown::Header("x-session-token", person.make_token()),
        ),
        ("log-in", Shown::Browser(person)),
    ];
    let name = |(way, shown)| Caller::new(format!("stranger by {way}"), shown, Standing::Stranger);
    ways.into_iter().map(name).collect()
}

/// What opened everything before: a revoked key, a revoked token, a log-in that has ended.
fn gather_ended(server: &Server, owner: &mut Person) -> Vec<Caller> {
    let made = create_key(server, FIRST_PROJECT, EVERYTHING);
    server.run(&["keys", "revoke", &made.id]).expect_success();
    let client = server.client().with_key(&made.key);
    let gone = wait_until(Duration::from_secs(5), || {
        (client.get("/v1/users").status == 401).then_some(())
    });
    assert!(gone.is_some(), "a revoked key still opens after 5 s");

    let token = owner.make_token();
    let page = owner.open("/account").expect(200).text();
    let id = find_between(&page, "name=\"token\" value=\"", "\"");
    let revoke = [("token", id.as_str())];
    owner
        .submit("/account", "/account/tokens/revoke", &revoke)
        .expect(303);

    let mut login = owner.log_in_again();
    let cookie = format!("co_session={}", login.cookie());
    login.submit("/account", "/logout", &[]).expect(303);
    let ended = [
        ("revoked key", "x-api-key", made.key),
        ("revoked token", "x-session-token", token),
        ("ended log-in", "cookie", cookie),
    ];
    let nobody =
        |(name, header, value)| Caller::new(name, Shown::Header(header, value), Standing::Nobody);
    ended.into_iter().map(nobody).collect()
}

struct MadeKey {
    id: String,
    key: String,
}

fn create_key(server: &Server, project: &str, scopes: &str) -> MadeKey {
    let create = ["keys", "create", "--project", project, "--scopes", scopes];
    let made = server
        .run(&[&create[..], &["--json"]].concat())
        .expect_success()
        .json();
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    MadeKey {
        id: text("id"),
        key: text("key"),
    }
}
