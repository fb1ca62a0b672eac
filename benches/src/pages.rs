//! The dashboard's pages as a browser asks for them: logged in, packed, over one connection.
use crate::http::{Connection, Reply};
use crate::latency::Latencies;
use crate::process::{ADMIN_EMAIL, ADMIN_PASSWORD, Server};
use crate::table::{self, Table};
use anyhow::{Context, bail};
use std::time::{Duration, Instant};

/// So many of each page, or for so long.
const ROUNDS: usize = 100;
const LONGEST: Duration = Duration::from_secs(10);

/// A table for [`measure`].
pub fn start_table(title: &'static str) -> Table<3> {
    Table::new(title, &["page", "bytes, packed", "p50 / p99"])
}

/// Asks every page; one row each.
pub async fn measure(table: &mut Table<3>, server: &Server) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.port()).await?;
    let cookie = log_in(&mut connection).await?;
    let me = read(server, "/v1/me").await?;
    let project = find(&me, "\"id\":\"")?;
    let dearest = read(server, "/v1/users?sortBy=totalCost&limit=1").await?;
    let user = find(&dearest, "\"id\":\"")?;
    let sessions = read(server, &format!("/v1/users/{user}/sessions?limit=1")).await?;
    let traces = read(server, &format!("/v1/users/{user}/traces?limit=1")).await?;
    let (session, trace) = (find(&sessions, "\"id\":\"")?, find(&traces, "\"id\":\"")?);
    let pages = [
        ("overview, 30 days", "/?".to_owned()),
        ("overview in Kolkata", "/?tz=Asia/Kolkata&".to_owned()),
        ("overview, 24 hours", "/?period=24h&".to_owned()),
        ("overview, 90 days", "/?period=90d&".to_owned()),
        ("users", "/users?".to_owned()),
        ("users by cost", "/users?sortBy=totalCost&".to_owned()),
        ("users by name", "/users?sortBy=name&".to_owned()),
        (
            "users by sessions in Kolkata",
            "/users?sortBy=sessionCount&tz=Asia/Kolkata&".to_owned(),
        ),
        ("users in Kolkata", "/users?tz=Asia/Kolkata&".to_owned()),
        (
            "users by cost in Kolkata",
            "/users?sortBy=totalCost&tz=Asia/Kolkata&".to_owned(),
        ),
        (
            "users by cost, last month",
            "/users?sortBy=totalCost&period=last-month&".to_owned(),
        ),
        ("users, searched", "/users?search=user-000&".to_owned()),
        ("the dearest user", format!("/users/{user}?")),
        (
            "the dearest user in Kolkata",
            format!("/users/{user}?tz=Asia/Kolkata&"),
        ),
        (
            "the dearest user's models",
            format!("/users/{user}/models?"),
        ),
        ("sessions", "/sessions?".to_owned()),
        (
            "sessions, without match",
            "/sessions?search=nowhere&".to_owned(),
        ),
        ("a session", format!("/sessions/{session}?")),
        ("traces", "/traces?".to_owned()),
        ("traces, errors only", "/traces?level=ERROR&".to_owned()),
        (
            "traces, without match",
            "/traces?search=nowhere&".to_owned(),
        ),
        ("a trace", format!("/traces/{trace}?")),
        ("costs by user", "/costs?".to_owned()),
        ("costs by model", "/costs?groupBy=model&".to_owned()),
        ("costs by day", "/costs?groupBy=day&".to_owned()),
        ("search for nobody", "/search?q=nobody-here&".to_owned()),
        ("prices", "/settings/prices?".to_owned()),
        ("the installation", "/installation?".to_owned()),
    ];
    for (name, path) in pages {
        let path = format!("{path}projectId={project}");
        let mut latencies = Latencies::default();
        let (mut bytes, mut asked) = (0, 0);
        let began = Instant::now();
        while asked < ROUNDS && (began.elapsed() < LONGEST || asked < 5) {
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\naccept-encoding: gzip\r\ncookie: {cookie}\r\n\r\n"
            );
            let sent = Instant::now();
            let reply = connection.send(request.as_bytes()).await?;
            latencies.add(sent.elapsed());
            if reply.status != 200 {
                bail!("{path}: {}", reply.status);
            }
            bytes += reply.body.len();
            asked += 1;
        }
        table.row([
            name.to_owned(),
            table::count((bytes / asked) as u64),
            latencies.write_ms(),
        ]);
    }
    Ok(())
}

async fn read(server: &Server, path: &str) -> anyhow::Result<String> {
    let reply = server.get(path).await?;
    Ok(String::from_utf8(reply.body)?)
}

/// What stands between a mark and the next quotation mark.
fn find<'a>(text: &'a str, mark: &str) -> anyhow::Result<&'a str> {
    let rest = text.split(mark).nth(1);
    let found = rest.and_then(|rest| rest.split('"').next());
    found.with_context(|| {
        format!(
            "no {mark} in {}",
            text.chars().take(200).collect::<String>()
        )
    })
}

/// The cookie of a log-in, as a person gets it: by the form.
async fn log_in(connection: &mut Connection) -> anyhow::Result<String> {
    let page = connection
        .send(b"GET /login HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await?;
    let guest = read_cookie(&page)?;
    let html = String::from_utf8(page.body)?;
    let token = find(&html, "name=\"formToken\" value=\"")?;
    let body = format!(
        "email={}&password={ADMIN_PASSWORD}&formToken={token}",
        ADMIN_EMAIL.replace('@', "%40")
    );
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\ncookie: {guest}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let entered = connection.send(request.as_bytes()).await?;
    if entered.status != 303 {
        bail!("logging in: {}", entered.status);
    }
    read_cookie(&entered)
}

/// The first cookie that an answer sets.
fn read_cookie(reply: &Reply) -> anyhow::Result<String> {
    let headers = reply.head.lines().filter_map(|line| line.split_once(": "));
    let mut cookies = headers.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let (_, cookie) = cookies.next().context("no cookie was set")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}
