//! The store on PostgreSQL, with a server of its own that keeps everything safe, beside the
//! design that it grew out of on the same server.
use crate::http::{Connection, Request};
use crate::ingest;
use crate::latency::Latencies;
use crate::pages;
use crate::process::Server;
use crate::seed::Seed;
use crate::table::{self, Table};
use crate::traffic::Traffic;
use anyhow::bail;
use cognobserve_servers::PostgresServer;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

/// As a careful operator has it; the memory is that of a small machine.
const SETTINGS: [&str; 5] = [
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
];
const CONNECTIONS: usize = 16;
const SEED_TIME: Duration = Duration::from_secs(10);
const ROUNDS: usize = 200;
const SEED_ROUNDS: usize = 5;
const LONGEST_TIDYING: Duration = Duration::from_secs(300);
/// Nothing is being tidied, and of the big tables little is left to be.
const IS_TIDY: &str = "SELECT NOT EXISTS (SELECT FROM pg_stat_progress_vacuum) AND NOT EXISTS (
    SELECT FROM pg_stat_user_tables
    WHERE relname IN ('traces', 'trace_sessions', 'user_days', 'tracked_user_totals')
      AND greatest(n_dead_tup, n_ins_since_vacuum) > 1000 + n_live_tup / 4)";

pub async fn measure(binary: &Path, dir: &Path, spans: u64, users: u64) -> anyhow::Result<()> {
    let database = PostgresServer::start(&SETTINGS, &[]);
    let settings = [("COGNOBSERVE_DATABASE_URL", database.url())];
    let mut server = Server::start_with(binary, &dir.join("postgres"), &settings).await?;
    let traffic = Traffic::new(users, spans / 4, 50, 4);
    let ours = ingest::saturate(&server, traffic, spans, CONNECTIONS).await?;
    let by_cost = ask(&server, "/v1/users?sortBy=totalCost").await?;
    let loaded = "Pages of the dashboard on PostgreSQL, right after loading, p50 / p99 ms";
    let tidied = "Pages of the dashboard on PostgreSQL, once it has tidied, p50 / p99 ms";
    for title in [loaded, tidied] {
        let mut shown = pages::start_table(title);
        pages::measure(&mut shown, &server).await?;
        shown.print();
        wait_until_tidy(database.url()).await?;
    }
    let seed = Seed::make(database.url()).await?;
    let theirs = seed
        .ingest_for(Traffic::new(users, spans / 4, 1, 4), SEED_TIME)
        .await?;
    seed.fill(spans, users).await?;
    let their_list = seed.list_users(SEED_ROUNDS).await?;
    server.stop().await?;
    let title = "On PostgreSQL, beside one trace at a time and a question per user";
    let mut table = Table::new(title, &["what", "this", "that", "ratio"]);
    table.row([
        format!("spans/s, {} spans in requests of 200", table::count(spans)),
        table::count(ours.rate() as u64),
        table::count(theirs as u64),
        format!("{:.1}", ours.rate() / theirs),
    ]);
    let (mine, other) = (by_cost.percentile_ms(50), their_list.percentile_ms(50));
    table.row([
        "users by cost, p50 / p99 ms".into(),
        by_cost.write_ms(),
        their_list.write_ms(),
        format!("{:.0}", other / mine),
    ]);
    table.print();
    Ok(())
}

/// PostgreSQL tidies by itself what was written, within a minute or two.
async fn wait_until_tidy(url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let began = Instant::now();
    while began.elapsed() < LONGEST_TIDYING {
        let row = client.query_one(IS_TIDY, &[]).await?;
        if row.try_get(0)? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bail!("PostgreSQL did not tidy its tables within {LONGEST_TIDYING:?}")
}

async fn ask(server: &Server, path: &str) -> anyhow::Result<Latencies> {
    let mut connection = Connection::open(server.port()).await?;
    let mut latencies = Latencies::default();
    for _ in 0..ROUNDS {
        let mut request = Request::new("GET", path, server.key());
        request.begin();
        let sent = Instant::now();
        let reply = connection.send(request.finish()).await?;
        latencies.add(sent.elapsed());
        if reply.status != 200 {
            bail!("{path}: {}", reply.status);
        }
    }
    Ok(latencies)
}
