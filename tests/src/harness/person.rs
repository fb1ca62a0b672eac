//! Somebody with a browser, as far as HTTP goes: cookies are kept, forms carry their token and
//! what browsers say of where they come from. It follows no redirects by itself.
use super::client::encode;
use super::{Answer, Client, Server};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a server without a terminal writes the first link.
pub const LINK_FILE: &str = "first-log-in-link";
pub const PASSWORD: &str = "correct horse battery";
/// What a browser says that sends a form of the page it shows.
pub const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[derive(Clone)]
pub struct Person {
    client: Client,
    pub email: String,
    pub cookies: BTreeMap<String, String>,
    /// Sent with everything, like the address that a proxy saw.
    pub headers: Vec<(String, String)>,
}

impl Person {
    pub fn new(server: &Server, email: &str) -> Person {
        Person::at(server.client().anonymous(), email)
    }

    /// In front of any server.
    pub fn at(client: Client, email: &str) -> Person {
        Person {
            client,
            email: email.to_owned(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// Who follows the first link: operator and owner.
    #[track_caller]
    pub fn set_up(server: &Server) -> Person {
        let mut person = Person::new(server, "owner@acme.example");
        let link = read_first_link(server);
        let email = person.email.clone();
        let fields = [
            ("email", email.as_str()),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        person.submit(&link, &link, &fields).expect(303);
        person
    }

    /// Somebody new with this role, by a link from the command line.
    #[track_caller]
    pub fn join(server: &Server, email: &str, workspace: &str, role: &str) -> Person {
        let link = invite(server, email, workspace, role);
        let mut person = Person::new(server, email);
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        person.submit(&link, &link, &fields).expect(303);
        person
    }

    /// Another browser of the same person.
    #[track_caller]
    pub fn log_in_again(&self) -> Person {
        let mut other = Person {
            cookies: BTreeMap::new(),
            ..self.clone()
        };
        other.log_in(PASSWORD).expect(303);
        other
    }

    #[track_caller]
    pub fn log_in(&mut self, password: &str) -> Answer {
        let email = self.email.clone();
        let fields = [("email", email.as_str()), ("password", password)];
        self.submit("/login", "/login", &fields)
    }

    #[track_caller]
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = pairs.join("; ");
        let mut all = headers.to_vec();
        if !cookies.is_empty() {
            all.push(("cookie", &cookies));
        }
        for (name, value) in &self.headers {
            all.push((name, value));
        }
        let answer = self.client.send(method, path, &all, body.as_bytes());
        for cookie in &answer.cookies {
            let (pair, _) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            match value {
                "" => self.cookies.remove(name),
                _ => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    #[track_caller]
    pub fn open(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Opens a page, and what it leads to.
    #[track_caller]
    pub fn follow(&mut self, path: &str) -> Answer {
        let mut answer = self.open(path);
        for _ in 0..5 {
            if answer.status != 303 {
                break;
            }
            let next = answer.header("location").to_owned();
            answer = self.open(&next);
        }
        answer
    }

    /// Sends a form as it is.
    #[track_caller]
    pub fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.send("POST", path, &all, &write_form(fields))
    }

    /// Opens a page and sends one of its forms, with the page's token.
    #[track_caller]
    pub fn submit(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.find_token(page);
        let mut all = vec![("formToken", token.as_str())];
        all.extend(fields);
        self.post(action, &[SAME_ORIGIN], &all)
    }

    #[track_caller]
    pub fn find_token(&mut self, page: &str) -> String {
        let answer = self.open(page);
        find_token(&answer.text())
            .unwrap_or_else(|| panic!("{page} has no form: {} {}", answer.status, answer.text()))
    }

    /// A personal token, shown by the page that made it.
    #[track_caller]
    pub fn make_token(&mut self) -> String {
        let fields = [("token_name", "script"), ("days", "30")];
        let page = self.submit("/account", "/account/tokens", &fields);
        find_between(
            &page.expect(200).text(),
            "<code id=\"new-token\">",
            "</code>",
        )
    }

    /// The secret of the log-in.
    pub fn cookie(&self) -> &str {
        self.cookies.get("co_session").map_or("", String::as_str)
    }
}

pub fn find_token(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("name=\"formToken\" value=\"")?;
    Some(rest.split('"').next()?.to_owned())
}

#[track_caller]
pub fn find_between(text: &str, before: &str, after: &str) -> String {
    let found = text
        .split_once(before)
        .and_then(|(_, rest)| rest.split_once(after));
    let (found, _) = found.unwrap_or_else(|| panic!("no {before} in {text}"));
    found.to_owned()
}

pub fn write_form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

/// The path of a link.
#[track_caller]
pub fn read_path(link: &str) -> String {
    let at = link
        .find("/link/")
        .unwrap_or_else(|| panic!("no link: {link}"));
    link[at..].trim().to_owned()
}

#[track_caller]
pub fn read_first_link(server: &Server) -> String {
    let path = server.data_dir().join(LINK_FILE);
    read_path(&std::fs::read_to_string(path).expect("the first link"))
}

/// The path of an invitation from the command line.
#[track_caller]
pub fn invite(server: &Server, email: &str, workspace: &str, role: &str) -> String {
    let args = [
        "accounts",
        "invite",
        email,
        "--workspace",
        workspace,
        "--role",
        role,
        "--json",
    ];
    let made: Value = server.run(&args).expect_success().json();
    read_path(made["link"].as_str().expect("a link"))
}
