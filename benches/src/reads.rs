//! Questions that people and dashboards ask, one at a time over one connection.
use crate::http::{Connection, Request};
use crate::latency::Latencies;
use crate::process::Server;
use crate::table::{self, Table};
use crate::text::Dice;
use anyhow::bail;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// So many of each question, or for so long.
const ROUNDS: usize = 300;
const LONGEST: Duration = Duration::from_secs(20);
const USERS_ASKED: u64 = 50;

/// Asks every question; one row each, after a row that names the store.
pub async fn measure(
    table: &mut Table<3>,
    server: &Server,
    users: u64,
    store: &str,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.port()).await?;
    let mut dice = Dice::new(5);
    let mut ids = Vec::new();
    for n in 0..USERS_ASKED {
        // Half of them from the busy end.
        let user = if n % 2 == 0 {
            dice.below(100.min(users))
        } else {
            dice.below(users)
        };
        let reply = server
            .get(&format!("/v1/users/by-external-id/user-{user:08}"))
            .await?;
        if reply.status == 200
            && let Some(id) = String::from_utf8(reply.body)?
                .split("\"id\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
        {
            ids.push(id.to_owned());
        }
    }
    if ids.is_empty() {
        bail!("no user is found");
    }
    table.row([format!("**{store}**"), String::new(), String::new()]);
    let month = month_ago();
    let sorts = [
        "lastSeenAt",
        "firstSeenAt",
        "traceCount",
        "totalCost",
        "totalTokens",
        "errorCount",
        "errorTraceRate",
        "avgLatencyMs",
        "sessionCount",
    ];
    for sort in sorts {
        ask(
            table,
            &mut connection,
            server,
            &format!("users by {sort}"),
            |_| format!("/v1/users?sortBy={sort}"),
        )
        .await?;
    }
    ask(
        table,
        &mut connection,
        server,
        "users by cost of the last 30 days",
        |_| format!("/v1/users?sortBy=totalCost&statsFrom={month}"),
    )
    .await?;
    ask(
        table,
        &mut connection,
        server,
        "users, search by a whole id",
        |n| format!("/v1/users?search=user-{:08}", n as u64 * 7919 % users),
    )
    .await?;
    ask(
        table,
        &mut connection,
        server,
        "users, search by three letters",
        |n| format!("/v1/users?search={:03}", n % 1000),
    )
    .await?;
    ask(table, &mut connection, server, "one user", |n| {
        format!("/v1/users/{}", ids[n % ids.len()])
    })
    .await?;
    ask(table, &mut connection, server, "a user's traces", |n| {
        format!("/v1/users/{}/traces", ids[n % ids.len()])
    })
    .await?;
    ask(table, &mut connection, server, "a user's 30 days", |n| {
        format!("/v1/users/{}/analytics?days=30", ids[n % ids.len()])
    })
    .await?;
    let question = "a user's 30 days in Kolkata";
    ask(table, &mut connection, server, question, |n| {
        let id = &ids[n % ids.len()];
        format!("/v1/users/{id}/analytics?days=30&tz=Asia/Kolkata")
    })
    .await?;
    ask(table, &mut connection, server, "summary", |_| {
        "/v1/users/summary?days=7".to_owned()
    })
    .await?;
    for group in ["user", "model", "day"] {
        ask(
            table,
            &mut connection,
            server,
            &format!("costs by {group}"),
            |_| format!("/v1/costs?groupBy={group}&limit=100"),
        )
        .await?;
    }
    ask(
        table,
        &mut connection,
        server,
        "costs by user of the last 30 days",
        |_| format!("/v1/costs?groupBy=user&limit=100&from={month}"),
    )
    .await
}

async fn ask(
    table: &mut Table<3>,
    connection: &mut Connection,
    server: &Server,
    question: &str,
    path: impl Fn(usize) -> String,
) -> anyhow::Result<()> {
    let mut latencies = Latencies::default();
    let (mut bytes, mut asked) = (0, 0);
    let began = Instant::now();
    while asked < ROUNDS && (began.elapsed() < LONGEST || asked < 5) {
        let path = path(asked);
        let mut request = Request::new("GET", &path, server.key());
        request.begin();
        let sent = Instant::now();
        let reply = connection.send(request.finish()).await?;
        latencies.add(sent.elapsed());
        if reply.status != 200 {
            bail!(
                "{path}: {} {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            );
        }
        bytes += reply.body.len();
        asked += 1;
    }
    table.row([
        question.to_owned(),
        table::count((bytes / asked) as u64),
        latencies.write_ms(),
    ]);
    Ok(())
}

/// A date 30 days ago, as the API takes it.
fn month_ago() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros() as i64);
    let then = cognobserve_model::time::Micros(now - 30 * cognobserve_model::time::MICROS_PER_DAY);
    then.to_string()
}
