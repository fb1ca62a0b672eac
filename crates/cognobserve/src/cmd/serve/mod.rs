//! `serve`: the server on one port, until it is told to stop.
//! Invariant: after SIGTERM or SIGINT nothing new is taken, and all that was taken is committed
//! before the process ends.
mod announce;
pub mod first_account;
pub mod first_start;
pub mod logging;
mod retention;
mod run;

pub use announce::Announcement;
pub use run::{Stop, bind, find_public_url, serve_until_stopped};

use super::settings::SettingsArgs;
use crate::assemble::{self, Access, Place};
use anyhow::Context;
use cognobserve_server::config::{Flag, Role};

/// Serve ingest, API and dashboard on one port
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "The first start makes a workspace, a project and an API key, and shows how to use them; and a link with which the first account is made.\n\nExample:\n  cognobserve serve --listen 0.0.0.0:4100 --data-dir /var/lib/cognobserve"
)]
pub struct ServeArgs {
    /// Address and port [env: COGNOBSERVE_LISTEN] [default: 127.0.0.1:4100]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// `--listen` as a setting.
pub fn flag_listen(listen: Option<&String>) -> Vec<Flag> {
    listen
        .map(|value| Flag {
            key: "listen",
            flag: "--listen",
            value: value.clone(),
        })
        .into_iter()
        .collect()
}

pub fn run(args: ServeArgs) -> anyhow::Result<()> {
    let loaded = args.settings.load(flag_listen(args.listen.as_ref()))?;
    let config = loaded.config;
    logging::start_logging(&config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let mut place = Place::of(&config);
    place.data_dir = std::path::absolute(&place.data_dir)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(async {
        let listener = bind(config.listen).await?;
        let store = assemble::open_store(&place, Access::Serve).await?;
        if place.is_embedded() && !assemble::is_private(&place.data_dir) {
            tracing::warn!(data_dir = %place.data_dir.display(), "others can read the data directory: chmod 700");
        }
        for warning in store.check_ready().await? {
            tracing::warn!(warning, "what is acknowledged may not survive");
        }
        let handover = first_start::prepare_store(&store, &config.init, &place.data_dir).await?;
        let address = listener.local_addr()?;
        let mut announcement = Announcement::new(address, &config, place);
        announcement.handover = handover;
        if config.roles.contains(Role::Web) {
            let data_dir = &announcement.place.data_dir;
            announcement.entry = first_account::prepare_account(
                &store,
                config.init.admin.as_ref(),
                &announcement.public_url,
                data_dir,
            )
            .await?;
        }
        announcement.print()?;
        serve_until_stopped(store, &config, listener, None).await
    })
}
