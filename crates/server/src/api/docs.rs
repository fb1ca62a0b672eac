//! `GET /docs`: the API reference as one readable page, made from the OpenAPI document.
//!
//! No scripts, no assets from anywhere; everything that is not markup is escaped.
use super::openapi::describe_api;
use crate::http::problem::Code;
use crate::metrics::Metrics;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognobserve_telemetry::delivery::Counts;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::OnceLock;

const STYLE: &str = include_str!("docs.css");

struct Page {
    html: String,
    /// Admits its one style sheet.
    policy: HeaderValue,
    /// Changes with the page.
    tag: HeaderValue,
}

fn page() -> &'static Page {
    static PAGE: OnceLock<Page> = OnceLock::new();
    PAGE.get_or_init(|| {
        let document = serde_json::to_value(describe_api()).unwrap_or_default();
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        let html = render_page(&document);
        let tag = format!("W/\"{}\"", STANDARD.encode(&Sha256::digest(&html)[..12]));
        // Base64 and fixed words are always a header value.
        let value = |text: &str, otherwise| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(otherwise));
        Page { policy: value(&policy, "default-src 'none'"), tag: value(&tag, "W/\"page\""), html }
    })
}

/// The same for everybody, so browsers keep it and ask whether it has changed.
pub async fn read_docs(asked: HeaderMap) -> Response {
    let page = page();
    let headers: [(HeaderName, HeaderValue); 4] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, page.policy.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, page.tag.clone()),
    ];
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok());
    let tag = page.tag.to_str().unwrap_or_default();
    match known.any(|tags| tags.split(',').any(|it| it.trim() == tag)) {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, page.html.as_str()).into_response(),
    }
}

/// Text for HTML; what stands between backquotes becomes code.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '`' => {
                out.push_str(if in_code { "</code>" } else { "<code>" });
                in_code = !in_code;
            }
            c => out.push(c),
        }
    }
    if in_code {
        out.push_str("</code>");
    }
    out
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

// Writing to a String has no failure, so its results are dropped below.
fn render_page(document: &Value) -> String {
    let mut html = String::with_capacity(64 << 10);
    let title = escape(text(&document["info"], "title"));
    let _ = write!(
        html,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} API</title><style>{STYLE}</style></head><body><main><h1>{title} API</h1>"
    );
    for paragraph in text(&document["info"], "description").split("\n\n") {
        let _ = write!(html, "<p>{}</p>", escape(paragraph));
    }
    html.push_str(
        "<p>The same as OpenAPI: <a href=\"/openapi.json\">openapi.json</a>. \
         <a href=\"/\">Back to the dashboard</a> of this server.</p>",
    );
    for tag in list(&document["tags"]) {
        render_tag(&mut html, document, tag);
    }
    render_schemas(&mut html, document);
    render_problems(&mut html);
    render_metrics(&mut html);
    html.push_str("</main></body></html>");
    html
}

fn render_tag(html: &mut String, document: &Value, tag: &Value) {
    let name = text(tag, "name");
    let _ = write!(
        html,
        "<h2 id=\"{0}\">{0}</h2><p>{1}</p>",
        escape(name),
        escape(text(tag, "description"))
    );
    for (path, item) in members(&document["paths"]) {
        for (method, operation) in members(item) {
            if list(&operation["tags"]).any(|tag| tag == name) {
                render_operation(html, path, method, operation);
            }
        }
    }
}

fn render_operation(html: &mut String, path: &str, method: &str, operation: &Value) {
    let id = escape(text(operation, "operationId"));
    let _ = write!(
        html,
        "<section id=\"{id}\"><h3><b>{}</b> {}</h3>",
        method.to_uppercase(),
        escape(path)
    );
    for key in ["summary", "description"] {
        let words = text(operation, key);
        if !words.is_empty() {
            let _ = write!(html, "<p>{}</p>", escape(words));
        }
    }
    if list(&operation["parameters"]).next().is_some() {
        html.push_str("<table>");
        for parameter in list(&operation["parameters"]) {
            let needed = if parameter["required"] == true {
                " (needed)"
            } else {
                ""
            };
            let (name, words) = (
                escape(text(parameter, "name")),
                escape(text(parameter, "description")),
            );
            let _ = write!(
                html,
                "<tr><td><code>{name}</code>{needed}</td><td>{words}</td></tr>"
            );
        }
        html.push_str("</table>");
    }
    for (media, content) in members(&operation["requestBody"]["content"]) {
        let _ = write!(
            html,
            "<p>Body, <code>{}</code>: {}</p>",
            escape(media),
            render_type(&content["schema"])
        );
    }
    for (status, response) in
        members(&operation["responses"]).filter(|(status, _)| *status != "default")
    {
        let contents = members(&response["content"]).map(|(media, content)| {
            format!(
                "<code>{}</code>: {}",
                escape(media),
                render_type(&content["schema"])
            )
        });
        let contents: Vec<String> = contents.collect();
        let words = escape(text(response, "description"));
        let _ = write!(
            html,
            "<p>Answer {}: {words} {}</p>",
            escape(status),
            contents.join(", or ")
        );
    }
    html.push_str("</section>");
}

/// A type in words, with links to named ones.
fn render_type(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts
            .iter()
            .map(render_type)
            .collect::<Vec<_>>()
            .join(" and ");
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        return kinds
            .iter()
            .map(render_type)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => {
            format!("array of {}", render_type(&schema["items"]))
        }
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => escape(
            &kinds
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" or "),
        ),
        _ => "any JSON".into(),
    }
}

fn render_schemas(html: &mut String, document: &Value) {
    html.push_str("<h2 id=\"schemas\">Shapes</h2>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let _ = write!(
            html,
            "<section id=\"schema-{0}\"><h3>{0}</h3><p>{1}</p>",
            escape(name),
            escape(text(schema, "description"))
        );
        let parts = list(&schema["allOf"]).chain(std::iter::once(schema));
        html.push_str("<table>");
        for part in parts {
            if part["$ref"].is_string() {
                let _ = write!(
                    html,
                    "<tr><td>…</td><td>everything in {}</td></tr>",
                    render_type(part)
                );
            }
            for (field, kind) in members(&part["properties"]) {
                let words = escape(text(kind, "description"));
                let _ = write!(
                    html,
                    "<tr><td><code>{}</code></td><td>{}. {words}</td></tr>",
                    escape(field),
                    render_type(kind)
                );
            }
        }
        html.push_str("</table></section>");
    }
}

fn render_problems(html: &mut String) {
    html.push_str("<h2 id=\"problems\">Problems</h2><table>");
    for code in Code::ALL {
        let _ = write!(
            html,
            "<tr><td>{} <code>{}</code></td><td>{}</td></tr>",
            code.status().as_u16(),
            code.as_str(),
            escape(code.title())
        );
    }
    html.push_str("</table>");
}

fn render_metrics(html: &mut String) {
    html.push_str("<h2 id=\"metrics\">Metrics</h2><table>");
    for line in Metrics::default().lines(0, &Counts::default()) {
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            line.name,
            escape(line.help)
        );
    }
    html.push_str("</table>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_browser_that_has_the_page_is_told_so() {
        let ask = async |tags: &'static str| {
            let asked =
                HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tags))]);
            read_docs(asked).await.status()
        };
        assert_eq!(ask("\"other\"").await, StatusCode::OK);
        let first = read_docs(HeaderMap::new()).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let tags: &'static str = format!("\"other\", {tag}").leak();
        assert_eq!(ask(tags).await, StatusCode::NOT_MODIFIED);
        let length = axum::body::to_bytes(first.into_body(), usize::MAX).await;
        assert_eq!(length.unwrap().len(), page().html.len());
    }

    #[test]
    fn the_page_shows_every_route_and_loads_nothing() {
        let Page { html, policy, .. } = page();
        for (path, item) in members(&serde_json::to_value(describe_api()).unwrap()["paths"]) {
            for (method, _) in members(item) {
                assert!(
                    html.contains(&format!(
                        "<b>{}</b> {}",
                        method.to_uppercase(),
                        escape(path)
                    )),
                    "{method} {path}"
                );
            }
        }
        assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("http://"));
        assert!(
            policy
                .to_str()
                .unwrap()
                .contains("default-src 'none'; style-src 'sha256-")
        );
        for target in html.split("href=\"#").skip(1) {
            let id = target.split('"').next().unwrap();
            assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }

    #[test]
    fn markup_in_texts_stays_text() {
        assert_eq!(
            escape("<b> & `a<b` `"),
            "&lt;b&gt; &amp; <code>a&lt;b</code> <code></code>"
        );
    }
}
