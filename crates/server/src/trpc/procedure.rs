//! Every procedure on one screen, each as the call of the REST API that answers it: what that one
//! allows, checks and limits holds here, too.
use axum::http::Method;
use cognobserve_dashboard::link::segment;
use cognobserve_wire::json::{Kind, Raw};
use cognobserve_wire::trpc::{Failure, Input};

/// Longest range of `users.analytics`, shorter than that of REST.
const MAX_DAYS: u32 = 90;

/// A call of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub method: Method,
    /// Path and query.
    pub uri: String,
    pub body: Option<String>,
}

pub(super) struct Procedure {
    pub name: &'static str,
    pub is_mutation: bool,
    /// What is said of a 404.
    pub missing: &'static str,
    pub aim: fn(Input) -> Result<Target, Failure>,
}

const NO_PROJECT: &str = "Project not found";
const NO_USER: &str = "User not found";
const NO_SESSION: &str = "Session not found";

#[rustfmt::skip]
pub(super) const PROCEDURES: [Procedure; 13] = [
    Procedure { name: "users.list", is_mutation: false, missing: NO_PROJECT, aim: |input| get("/v1/users".into(), input) },
    Procedure { name: "users.get", is_mutation: false, missing: NO_USER, aim: |input| get_one("/v1/users/", "id", "", input) },
    Procedure { name: "users.getByExternalId", is_mutation: false, missing: NO_USER, aim: |input| get_one("/v1/users/by-external-id/", "externalId", "", input) },
    Procedure { name: "users.traces", is_mutation: false, missing: NO_USER, aim: |input| get_one("/v1/users/", "userId", "/traces", input) },
    Procedure { name: "users.analytics", is_mutation: false, missing: NO_USER, aim: analyse },
    Procedure { name: "users.summary", is_mutation: false, missing: NO_PROJECT, aim: |input| get("/v1/users/summary".into(), input) },
    Procedure { name: "users.update", is_mutation: true, missing: NO_USER, aim: |input| patch("/v1/users/", &["name", "email", "metadata"], input) },
    Procedure { name: "users.delete", is_mutation: true, missing: NO_USER, aim: delete_user },
    Procedure { name: "sessions.list", is_mutation: false, missing: NO_USER, aim: list_sessions },
    Procedure { name: "sessions.get", is_mutation: false, missing: NO_SESSION, aim: |input| get_one("/v1/sessions/", "id", "", input) },
    Procedure { name: "sessions.timeline", is_mutation: false, missing: NO_SESSION, aim: |input| get_one("/v1/sessions/", "id", "/timeline", input) },
    Procedure { name: "sessions.update", is_mutation: true, missing: NO_SESSION, aim: |input| patch("/v1/sessions/", &["name", "metadata"], input) },
    Procedure { name: "sessions.delete", is_mutation: true, missing: NO_SESSION, aim: |input| aim_at(Method::DELETE, "/v1/sessions/", "id", "", input) },
];

fn refuse(name: &str, what: &str) -> Failure {
    Failure::new(400, format!("{name}: {what}"))
}

fn raw(text: &str) -> Raw<'_> {
    serde_json::from_str(text).unwrap_or(Raw::ABSENT)
}

fn take_id(input: &mut Input, name: &str) -> Result<String, Failure> {
    let text = input.take(name);
    let id = text.as_deref().and_then(|text| raw(text).as_text());
    let id = id.filter(|id| !id.is_empty());
    Ok(id
        .ok_or_else(|| refuse(name, "a text is required"))?
        .into_owned())
}

/// Whatever else the input has, as parameters; null is as good as nothing.
fn add_query(path: String, input: Input) -> Result<String, Failure> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut add = |name: &str, value: Raw| {
        let text = match value.kind() {
            Kind::Null | Kind::Absent => return Ok(()),
            Kind::Bool => value.text().map(Into::into),
            _ => value.as_text(),
        };
        let text = text.ok_or_else(|| refuse(name, "must be a text or a number"))?;
        query.append_pair(name, &text);
        Ok(())
    };
    for (name, text) in input.into_rest() {
        let value = raw(&text);
        match value.members().filter(|_| name == "metadata") {
            None => add(&name, value)?,
            Some(members) => {
                for (key, value) in members {
                    add(&format!("metadata.{key}"), value)?;
                }
            }
        }
    }
    let query = query.finish();
    Ok(match query.is_empty() {
        true => path,
        false => format!("{path}?{query}"),
    })
}

fn get(path: String, input: Input) -> Result<Target, Failure> {
    Ok(Target {
        method: Method::GET,
        uri: add_query(path, input)?,
        body: None,
    })
}

fn aim_at(
    method: Method,
    path: &str,
    id: &str,
    end: &str,
    mut input: Input,
) -> Result<Target, Failure> {
    let id = take_id(&mut input, id)?;
    let target = get(format!("{path}{}{end}", segment(&id)), input)?;
    Ok(Target { method, ..target })
}

fn get_one(path: &str, id: &str, end: &str, input: Input) -> Result<Target, Failure> {
    aim_at(Method::GET, path, id, end, input)
}

fn analyse(mut input: Input) -> Result<Target, Failure> {
    let days = input.take("days");
    let days = days.as_deref().map(raw).filter(|days| days.is_given());
    let mut target = get_one("/v1/users/", "userId", "/analytics", input)?;
    if let Some(days) = days {
        let days = days.as_number().and_then(|days| days.parse::<u32>().ok());
        let days = days.filter(|days| (1..=MAX_DAYS).contains(days));
        let days = days.ok_or_else(|| refuse("days", "must be a whole number from 1 to 90"))?;
        let sign = if target.uri.contains('?') { '&' } else { '?' };
        target.uri.push_str(&format!("{sign}days={days}"));
    }
    Ok(target)
}

fn list_sessions(mut input: Input) -> Result<Target, Failure> {
    match input.take("userId").filter(|id| raw(id).is_given()) {
        None => get("/v1/sessions".into(), input),
        Some(id) => {
            let id = raw(&id).as_text().map(|id| segment(&id));
            let id = id.ok_or_else(|| refuse("userId", "must be a text"))?;
            get(format!("/v1/users/{id}/sessions"), input)
        }
    }
}

fn delete_user(input: Input) -> Result<Target, Failure> {
    let mut target = aim_at(Method::DELETE, "/v1/users/", "id", "", input)?;
    if !target.uri.contains("mode=") {
        let sign = if target.uri.contains('?') { '&' } else { '?' };
        target.uri.push_str(&format!("{sign}mode=unlink"));
    }
    Ok(target)
}

fn patch(path: &str, fields: &[&str], mut input: Input) -> Result<Target, Failure> {
    let given = fields.iter().filter_map(|name| {
        let text = input.take(name)?;
        Some(format!("\"{name}\":{text}"))
    });
    let body = format!("{{{}}}", given.collect::<Vec<_>>().join(","));
    let target = aim_at(Method::PATCH, path, "id", "", input)?;
    Ok(Target {
        body: Some(body),
        ..target
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_wire::trpc::read_input;

    fn aim(name: &str, input: &str) -> Result<Target, String> {
        let procedure = PROCEDURES.iter().find(|it| it.name == name).unwrap();
        (procedure.aim)(read_input(Some(input)).1.unwrap()).map_err(|failure| failure.message)
    }

    fn uri(name: &str, input: &str) -> String {
        aim(name, input).unwrap().uri
    }

    #[test]
    fn inputs_become_parameters() {
        assert_eq!(uri("users.list", "{}"), "/v1/users");
        let asked = r#"{"limit":5,"search":"a&b","cursor":null,"metadata":{"plan":"pro"},"projectId":"prj_1"}"#;
        let expected = "/v1/users?limit=5&metadata.plan=pro&projectId=prj_1&search=a%26b";
        assert_eq!(uri("users.list", asked), expected);
        let id = r#"{"id":"usr_1/../x?"}"#;
        assert_eq!(uri("users.get", id), "/v1/users/usr_1%2F%2E%2E%2Fx%3F");
        let traces = r#"{"userId":"u","limit":2}"#;
        assert_eq!(uri("users.traces", traces), "/v1/users/u/traces?limit=2");
        assert_eq!(
            uri("sessions.list", r#"{"userId":"u"}"#),
            "/v1/users/u/sessions"
        );
        assert_eq!(
            uri("sessions.timeline", r#"{"id":"s"}"#),
            "/v1/sessions/s/timeline"
        );
        let days = r#"{"userId":"u","days":90,"tz":"UTC"}"#;
        assert_eq!(
            uri("users.analytics", days),
            "/v1/users/u/analytics?tz=UTC&days=90"
        );
    }

    #[test]
    fn mutations_say_what_to_change() {
        let target = aim(
            "users.update",
            r#"{"id":"u","email":null,"metadata":{"n":1.0}}"#,
        )
        .unwrap();
        assert_eq!(
            (target.method, target.uri.as_str()),
            (Method::PATCH, "/v1/users/u")
        );
        assert_eq!(
            target.body.unwrap(),
            r#"{"email":null,"metadata":{"n":1.0}}"#
        );
        let target = aim("users.delete", r#"{"id":"u","projectId":"p"}"#).unwrap();
        assert_eq!(target.method, Method::DELETE);
        assert_eq!(target.uri, "/v1/users/u?projectId=p&mode=unlink");
        let erase = aim("users.delete", r#"{"id":"u","mode":"erase"}"#).unwrap();
        assert_eq!(erase.uri, "/v1/users/u?mode=erase");
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for (name, input) in [
            ("users.get", "{}"),
            ("users.get", r#"{"id":""}"#),
            ("users.get", r#"{"id":{}}"#),
            ("users.list", r#"{"search":["a"]}"#),
            ("users.analytics", r#"{"userId":"u","days":91}"#),
            ("users.analytics", r#"{"userId":"u","days":0}"#),
            ("users.analytics", r#"{"userId":"u","days":1.5}"#),
            ("users.analytics", r#"{"userId":"u","days":"7"}"#),
            ("sessions.list", r#"{"userId":{}}"#),
        ] {
            assert!(aim(name, input).is_err(), "{name} {input}");
        }
    }
}
