//! Measures the real server over HTTP and prints the table of docs/performance.md.
//! Everything is bounded and stays on the loopback; the data goes to a temporary directory.
//! It must not measure anything but a release build, and says so.
#![forbid(unsafe_code)]

mod ceiling;
mod http;
mod ingest;
mod latency;
mod pages;
mod postgres;
mod process;
mod reads;
mod seed;
mod table;
mod text;
mod traffic;

use anyhow::{Context, bail};
use clap::Parser;
use process::Server;
use std::path::{Path, PathBuf};
use std::time::Duration;
use table::Table;
use traffic::Traffic;

/// Measure ingest, reads, memory, disk and recovery of the server beside this program
#[derive(Parser)]
struct Args {
    /// Spans to send in requests of 200
    #[arg(long, default_value_t = 1_000_000)]
    spans: u64,
    /// Spans to send in requests of 4
    #[arg(long)]
    small_spans: Option<u64>,
    /// Users that the spans are spread over
    #[arg(long, default_value_t = 10_000)]
    users: u64,
    /// Users of the store with many users; 0 leaves that part out
    #[arg(long, default_value_t = 1_000_000)]
    many_users: u64,
    /// Seconds of load at half the highest rate
    #[arg(long, default_value_t = 10)]
    half_load_seconds: u64,
    /// Measure only ingest; what went to `--dir` stays
    #[arg(long)]
    ingest_only: bool,
    /// Measure only reads, of what `--ingest-only` left in `--dir`
    #[arg(long, requires = "dir", conflicts_with = "ingest_only")]
    reads_only: bool,
    /// Measure only the store on PostgreSQL
    #[arg(long, conflicts_with_all = ["ingest_only", "reads_only"])]
    postgres: bool,
    /// Where the store goes; a temporary directory without it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The server; the one beside this program without it
    #[arg(long)]
    server: Option<PathBuf>,
}

/// Connections that keep the server busy: more, smaller requests need more of them.
const SMALL_CONNECTIONS: usize = 256;
const LARGE_CONNECTIONS: usize = 16;

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if cfg!(debug_assertions) {
        bail!("build it with --release: `make bench`");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(&args))
}

async fn measure(args: &Args) -> anyhow::Result<()> {
    let binary = match &args.server {
        Some(path) => path.clone(),
        None => std::env::current_exe()?
            .parent()
            .context("a directory")?
            .join("cognobserve"),
    };
    let temporary = tempfile::tempdir()?;
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    println!("{}\n", process::describe_machine());
    if args.postgres {
        return postgres::measure(&binary, &dir, args.spans, args.users).await;
    }
    if args.reads_only {
        return measure_reads(&binary, &dir, args).await;
    }

    let mut table = Table::new(
        "Ingest over HTTP, acknowledged and on the disk",
        &[
            "requests of",
            "spans",
            "spans/s",
            "per million",
            "p50 / p99 ms at half",
            "sender's CPU",
        ],
    );
    let small_spans = args.small_spans.unwrap_or(args.spans.min(1_000_000));
    {
        let server = Server::start(&binary, &dir.join("small")).await?;
        let traffic = Traffic::new(args.users, small_spans / 4, 1, 4);
        measure_ingest(
            &mut table,
            &server,
            traffic,
            small_spans,
            SMALL_CONNECTIONS,
            args,
        )
        .await?;
    }
    std::fs::remove_dir_all(dir.join("small"))?;

    let ceiling_spans = args.spans.min(1_000_000);
    let ceiling = ceiling::measure(&dir.join("ceiling"), args.users, ceiling_spans)?;
    std::fs::remove_dir_all(dir.join("ceiling"))?;

    let mut server = Server::start(&binary, &dir.join("large")).await?;
    let idle_mb = server.read_memory_mb();
    let traffic = Traffic::new(args.users, args.spans / 4, 50, 4);
    let rate = measure_ingest(
        &mut table,
        &server,
        traffic,
        args.spans,
        LARGE_CONNECTIONS,
        args,
    )
    .await?;
    let peak_mb = server.read_peak_memory_mb();
    let stored = server.count_spans().await?;

    table.row([
        "straight into the store".into(),
        table::count(ceiling_spans),
        table::count(ceiling.rate() as u64),
        ceiling.write_parts(),
        "–".into(),
        "–".into(),
    ]);
    table.row([
        "the same, time in the store alone".into(),
        table::count(ceiling_spans),
        table::count(ceiling.busy_rate() as u64),
        "–".into(),
        "–".into(),
        "–".into(),
    ]);
    table.print();
    println!(
        "Over HTTP in requests of 200, first million: {:.0} % of straight in, {:.0} % of the store alone.\n",
        100.0 * rate / ceiling.rate(),
        100.0 * rate / ceiling.busy_rate()
    );

    if args.ingest_only {
        return server.stop().await;
    }
    let mut table = reads_table();
    reads::measure(
        &mut table,
        &server,
        args.users,
        &describe(stored, args.users),
    )
    .await?;

    let mut shown = pages::start_table(PAGES);
    pages::measure(&mut shown, &server).await?;

    let mut facts = Table::new("The process and its files", &["fact", "figure"]);
    facts.row(["memory, empty".into(), format!("{idle_mb} MB")]);
    facts.row(["memory, most under load".into(), format!("{peak_mb} MB")]);
    facts.row([
        "memory, after the load and the reads".into(),
        format!("{} MB", server.read_memory_mb()),
    ]);
    server.stop().await?;
    facts.row([
        format!("on the disk after {} spans", table::count(stored)),
        format!(
            "{} bytes a span",
            process::measure_dir(&dir.join("large")) / stored
        ),
    ]);
    let took = server.start_again().await?;
    facts.row(["start after a stop".into(), table::seconds(took)]);
    let took = kill_under_load(&mut server, args).await?;
    facts.row([
        "start after kill -9 under load".into(),
        table::seconds(took),
    ]);
    server.stop().await?;
    std::fs::remove_dir_all(dir.join("large"))?;

    if args.many_users > 0 {
        let mut server = Server::start(&binary, &dir.join("many")).await?;
        let traffic = Traffic::new(args.many_users, args.many_users, 200, 1).everyone_once();
        let outcome =
            ingest::saturate(&server, traffic, args.many_users, LARGE_CONNECTIONS).await?;
        reads::measure(
            &mut table,
            &server,
            args.many_users,
            &format!("{} users with a span each", table::count(args.many_users)),
        )
        .await?;
        facts.row([
            format!("{} users: spans/s", table::count(args.many_users)),
            table::count(outcome.rate() as u64),
        ]);
        facts.row([
            format!("{} users: memory", table::count(args.many_users)),
            format!("{} MB", server.read_memory_mb()),
        ]);
        server.kill().await?;
        facts.row([
            format!(
                "{} users: start after kill -9",
                table::count(args.many_users)
            ),
            table::seconds(server.start_again().await?),
        ]);
    }
    table.print();
    shown.print();
    facts.print();
    postgres::measure(&binary, &dir, args.spans.min(1_000_000), args.users).await
}

fn reads_table() -> Table<3> {
    Table::new(
        "Reads over HTTP, one at a time, p50 / p99 ms",
        &["question", "answer's bytes", "p50 / p99"],
    )
}

const PAGES: &str = "Pages of the dashboard, logged in, one at a time, p50 / p99 ms";

fn describe(spans: u64, users: u64) -> String {
    format!(
        "{} spans, {} users",
        table::count(spans),
        table::count(users)
    )
}

async fn measure_reads(binary: &Path, dir: &Path, args: &Args) -> anyhow::Result<()> {
    let mut server = Server::start(binary, &dir.join("large")).await?;
    let stored = server.count_spans().await?;
    let mut table = reads_table();
    reads::measure(
        &mut table,
        &server,
        args.users,
        &describe(stored, args.users),
    )
    .await?;
    table.print();
    let mut shown = pages::start_table(PAGES);
    pages::measure(&mut shown, &server).await?;
    shown.print();
    server.stop().await
}

/// Full load, then half of it; one row. Answers the first million's rate in spans/s.
async fn measure_ingest(
    table: &mut Table<6>,
    server: &Server,
    traffic: Traffic,
    spans: u64,
    connections: usize,
    args: &Args,
) -> anyhow::Result<f64> {
    let per_request = traffic.spans_per_request();
    let more = Traffic::new(
        args.users,
        spans / 4,
        traffic.traces_per_request,
        traffic.spans_per_trace,
    )
    .numbered_from(spans);
    let outcome = ingest::saturate(server, traffic, spans, connections).await?;
    let latency = ingest::hold_rate(
        server,
        more,
        outcome.rate() / 2.0,
        Duration::from_secs(args.half_load_seconds),
        connections,
    )
    .await?;
    table.row([
        format!("{per_request} spans"),
        table::count(spans),
        table::count(outcome.rate() as u64),
        outcome.write_parts(),
        latency.write_ms(),
        format!("{:.0} %", outcome.sender_cpu * 100.0),
    ]);
    Ok(outcome.first_rate())
}

/// Pulls the plug in the middle of full load; how long the next start takes.
async fn kill_under_load(server: &mut Server, args: &Args) -> anyhow::Result<Duration> {
    let traffic = Traffic::new(args.users, 250_000, 50, 4).numbered_from(1 << 40);
    ingest::load_for(server, traffic, Duration::from_secs(3), LARGE_CONNECTIONS).await;
    server.kill().await?;
    server.start_again().await
}
