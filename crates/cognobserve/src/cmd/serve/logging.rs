//! Logs go to standard error, as text for people or JSON for machines.
use anyhow::Context;
use cognobserve_server::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging for the whole process; a second call changes nothing.
pub fn start_logging(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .with_context(|| format!("log.filter: {:?} is not a filter", log.filter))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A log that cannot be written (its disk is full, its reader gone) must not panic
        // the task that had something to say.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => subscriber
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    // Only a second start fails, and the first one holds.
    drop(started);
    Ok(())
}
