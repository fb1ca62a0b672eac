//! `queue`: what waits between door and ledger, and what was given up.
//! Invariant: nothing here shows or touches content; a dead letter goes only when it is dropped
//! or taken up again.
use super::ask::confirm;
use super::output::{OutputArgs, print_json, print_line, print_table};
use super::settings::SettingsArgs;
use crate::assemble;
use anyhow::{Context, bail};
use cognobserve_ports::{Dead, DeadId, DeadLetter, Queue, QueueHealth, QueueStats};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Look at the queue of a scaled installation, and at its dead letters
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cognobserve queue stats\n  cognobserve queue replay --all")]
pub struct QueueArgs {
    #[command(subcommand)]
    command: QueueCommand,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Subcommand)]
enum QueueCommand {
    /// Show how much waits, how long, and who works
    #[command(after_help = "Example:\n  cognobserve queue stats")]
    Stats,
    /// List dead letters, oldest first
    #[command(after_help = "Example:\n  cognobserve queue list --limit 20")]
    List {
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Those after this one
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Queue dead letters again
    #[command(after_help = "Example:\n  cognobserve queue replay 1763800000000-0")]
    Replay(WhichArgs),
    /// Forget dead letters for good
    #[command(after_help = "Example:\n  cognobserve queue drop 1763800000000-0")]
    Drop {
        #[command(flatten)]
        which: WhichArgs,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Wait until all that was accepted before is booked
    #[command(
        after_help = "Exit code 1 if the time is over before.\n\nExample:\n  cognobserve queue wait --timeout 60"
    )]
    Wait {
        /// Seconds
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        timeout: u64,
    },
}

#[derive(Debug, clap::Args)]
struct WhichArgs {
    /// Ids, as `queue list` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// All that there are
    #[arg(long)]
    all: bool,
}

impl WhichArgs {
    fn choose(self) -> Dead {
        match self.all {
            true => Dead::All,
            false => Dead::These(self.ids.into_iter().map(DeadId).collect()),
        }
    }
}

pub fn run(args: QueueArgs) -> anyhow::Result<ExitCode> {
    let config = args.settings.load(Vec::new())?.config;
    let Some(url) = &config.queue.url else {
        bail!("there is no queue: COGNOBSERVE_QUEUE_URL is not set, deliveries are booked at once");
    };
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(async {
        let queue = assemble::open_queue(url, &config.queue).await?;
        answer(queue, args.command, args.output.json).await
    })
}

async fn answer(
    queue: Arc<dyn Queue>,
    command: QueueCommand,
    is_json: bool,
) -> anyhow::Result<ExitCode> {
    match command {
        QueueCommand::Stats => {
            let (health, stats) = (queue.health().await?, queue.stats().await?);
            show_stats(&health, &stats, is_json)?;
        }
        QueueCommand::List { limit, after } => {
            let after = after.map(DeadId);
            let letters = queue.list_dead(after.as_ref(), limit as usize).await?;
            show_letters(&letters, is_json)?;
        }
        QueueCommand::Replay(which) => {
            let count = queue.replay_dead(&which.choose()).await?;
            show_count("replayed", count, is_json)?;
        }
        QueueCommand::Drop { which, yes } => {
            confirm("Forget these dead letters?", yes)?;
            let count = queue.drop_dead(&which.choose()).await?;
            show_count("dropped", count, is_json)?;
        }
        QueueCommand::Wait { timeout } => {
            let waited = queue.wait_until_empty(Duration::from_secs(timeout)).await?;
            if is_json {
                print_json(&json!({ "booked": waited }))?;
            } else if !waited {
                print_line(&format!("not all was booked within {timeout} s"))?;
            }
            if !waited {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_count(what: &str, count: u64, is_json: bool) -> anyhow::Result<()> {
    match is_json {
        true => print_json(&json!({ what: count })),
        false => print_line(&format!("{what}: {count}")),
    }
}

fn seconds(age: Option<Duration>) -> Value {
    age.map_or(Value::Null, |age| json!(age.as_secs_f64()))
}

fn show_stats(health: &QueueHealth, stats: &QueueStats, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return print_json(&json!({
            "entries": health.depth,
            "pending": health.pending,
            "oldestAgeSeconds": seconds(health.oldest_age),
            "deadLetters": health.dead,
            "memoryBytes": health.memory_used,
            "memoryLimitBytes": health.memory_limit,
            "workers": stats.workers,
            "buried": stats.counts.buried,
            "unreadable": stats.counts.unreadable,
            "replayed": stats.counts.replayed,
            "dropped": stats.counts.dropped,
            "warnings": health.warnings,
            "partitions": stats.partitions.iter().map(|it| json!({
                "partition": it.partition,
                "entries": it.depth,
                "pending": it.pending,
                "oldestAgeSeconds": seconds(it.oldest_age),
                "worker": it.worker,
            })).collect::<Vec<_>>(),
        }));
    }
    let oldest = health.oldest_age.unwrap_or_default();
    print_line(&format!(
        "waiting: {} (in hand: {}), the oldest for {:.1} s; dead letters: {}; workers: {}",
        health.depth,
        health.pending,
        oldest.as_secs_f64(),
        health.dead,
        stats.workers.len()
    ))?;
    for warning in &health.warnings {
        print_line(&format!("warning: {warning}"))?;
    }
    let busy = stats.partitions.iter().filter(|it| it.depth > 0);
    let rows: Vec<Vec<String>> = busy
        .map(|it| {
            vec![
                it.partition.to_string(),
                it.depth.to_string(),
                it.pending.to_string(),
                format!("{:.1}", it.oldest_age.unwrap_or_default().as_secs_f64()),
                it.worker.clone().unwrap_or_else(|| "nobody".into()),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let headers = ["PARTITION", "WAITING", "IN HAND", "OLDEST S", "WORKER"];
    print_table(&headers, &[0, 1, 2, 3], rows)
}

fn show_letters(letters: &[DeadLetter], is_json: bool) -> anyhow::Result<()> {
    if is_json {
        let letter = |it: &DeadLetter| {
            json!({
                "id": it.id.to_string(),
                "projectId": it.project,
                "traces": it.traces,
                "spans": it.spans,
                "bytes": it.bytes,
                "reason": it.reason,
                "attempts": it.attempts,
                "pushedAt": it.pushed_at.to_string(),
                "buriedAt": it.buried_at.to_string(),
            })
        };
        return print_json(&Value::Array(letters.iter().map(letter).collect()));
    }
    if letters.is_empty() {
        return print_line("there are no dead letters");
    }
    let rows = letters.iter().map(|it| {
        vec![
            it.id.to_string(),
            it.project.clone().unwrap_or_default(),
            it.traces.to_string(),
            it.spans.to_string(),
            it.buried_at.to_string(),
            it.reason.clone(),
        ]
    });
    let headers = ["ID", "PROJECT", "TRACES", "SPANS", "GIVEN UP", "WHY"];
    print_table(&headers, &[2, 3], rows)
}
