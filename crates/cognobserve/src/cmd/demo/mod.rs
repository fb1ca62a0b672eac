//! `demo`: a server on a temporary directory that is full of made-up data.
//! Invariant: the data takes the same way as any other: native JSON, pipeline, ledger. The same
//! seed gives the same traces all through a day (UTC), as seen from the time of the start.
mod dice;
mod entry;
mod events;
mod people;
mod render;
mod visits;

use super::import::Intake;
use super::keys::make_key;
use super::serve::first_start::{Handover, KEY_FILE};
use super::serve::{Announcement, Stop, bind, flag_listen, logging, serve_until_stopped};
use crate::assemble::{self, Access, Place, Store};
use crate::cmd::output::{is_terminal, print_line};
use anyhow::Context;
use cognobserve_model::account::Scopes;
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;
use cognobserve_server::config::{Flag, Sources, Telemetry, load};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

const TRACES_PER_USER: usize = 5;

/// Serve made-up data from a temporary directory
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The data is gone when the server stops.\n\nExample:\n  cognobserve demo --listen 127.0.0.1:4200"
)]
pub struct DemoArgs {
    /// Address and port [env: COGNOBSERVE_LISTEN] [default: 127.0.0.1:4100]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// How many end users to make up
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,
    /// Another number gives other data; the same gives the same sums all through a day (UTC)
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub fn run(args: DemoArgs) -> anyhow::Result<()> {
    let home = tempfile::Builder::new()
        .prefix("cognobserve-demo-")
        .tempdir()
        .context("cannot make a temporary directory")?;
    let data_dir = home.path().join("data");
    let mut flags = flag_listen(args.listen.as_ref());
    flags.push(Flag {
        key: "data_dir",
        flag: "demo",
        value: data_dir.display().to_string(),
    });
    let config = load(&Sources::of_process(None, flags))?.config;
    logging::start_logging(&config.log)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    let served = runtime.block_on(async {
        let listener = bind(config.listen).await?;
        let store = assemble::open_store(&Place::embedded(&data_dir), Access::Serve).await?;
        let mut stop = Stop::listen()?;
        let handover = tokio::select! {
            filled = fill_store(&store, &data_dir, &args, &config.telemetry) => filled?,
            _ = stop.wait() => return Ok(()),
        };
        drop(stop);
        let mut announcement =
            Announcement::new(listener.local_addr()?, &config, Place::embedded(&data_dir));
        announcement.handover = Some(handover);
        let url = &announcement.public_url;
        let ways = entry::open_ways(&store, url, &data_dir).await?;
        announcement.entry = Some(ways.link);
        announcement.print()?;
        print_line(&ways.words)?;
        print_line(
            "Start with john@acme.com, who says that the AI is broken. Ctrl-C ends the demo.",
        )?;
        serve_until_stopped(store, &config, listener, Some(ways.password)).await
    });
    drop(runtime);
    // Removing the directory may fail; the data is made up.
    drop(home);
    served
}

/// Makes a project with a key for everything, and its data.
async fn fill_store(
    store: &Store,
    data_dir: &Path,
    args: &DemoArgs,
    telemetry: &Telemetry,
) -> anyhow::Result<Handover> {
    let project = store
        .create_project("demo", "demo", &Actor::Operator)
        .await?;
    let (made, key) = make_key(store, &project, Scopes::ALL, "demo", None).await?;
    let now = Micros::now();
    let people = people::make_people(args.seed, args.users as usize);
    let visits = visits::plan_visits(args.seed, now.0, &people, people.len() * TRACES_PER_USER);
    let bar = ProgressBar::new(visits.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "making up data {bar:40} {percent}% {eta}",
    )?);
    let mut intake = Intake::new(store, project.clone(), made.id, "demo").await?;
    for (number, visit) in visits.iter().enumerate() {
        let trace = render::render_visit(visit, &people);
        let accepted = intake.take(number as u64, &trace).await?;
        accepted.map_err(|problem| anyhow::anyhow!("a made-up trace is not valid: {problem}"))?;
        bar.inc(1);
    }
    intake.flush().await?;
    events::add_events(store, &project, telemetry, &people, &visits).await?;
    bar.finish_and_clear();
    if is_terminal() {
        return Ok(Handover::Shown(key));
    }
    let path = super::serve::first_start::write_key(data_dir, &key)
        .with_context(|| format!("cannot write {KEY_FILE}"))?;
    Ok(Handover::Written(path))
}

#[cfg(test)]
mod tests;
