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

pub async fn measure(binary: &Path, dir: &Path, spans: u64, users: u64) -> anyhow::Result<()> {
    let database = PostgresServer::start(&SETTINGS, &[]);
    let settings = [("COGNOBSERVE_DATABASE_URL", database.url())];
    let mut server = Server::start_with(binary, &dir.join("postgres"), &settings).await?;
    let traffic = Traffic::new(users, spans / 4, 50, 4);
    let ours = ingest::saturate(&server, traffic, spans, CONNECTIONS).await?;
    let by_cost = ask(&server, "/v1/users?sortBy=totalCost").await?;
    let mut shown = pages::start_table(
        "Pages of the dashboard on PostgreSQL, logged in, one at a time, p50 / p99 ms",
    );
    pages::measure(&mut shown, &server).await?;
    shown.print();
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
