//! The settings that commands share: where they come from on the command line.
use crate::assemble::Place;
use cognobserve_server::config::{Flag, Loaded, Sources, load};
use std::path::PathBuf;

/// `--config` and `--data-dir`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SettingsArgs {
    /// A settings file (TOML); `cognobserve config default` prints one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of the store [env: COGNOBSERVE_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

impl SettingsArgs {
    /// Reads all settings; `more` are flags of the command itself.
    pub fn load(&self, more: Vec<Flag>) -> anyhow::Result<Loaded> {
        Ok(load(&self.sources(more))?)
    }

    pub fn sources(&self, more: Vec<Flag>) -> Sources {
        let data_dir = self
            .data_dir
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let mut flags = more;
        flags.extend(data_dir.map(|value| Flag {
            key: "data_dir",
            flag: "--data-dir",
            value,
        }));
        Sources::of_process(self.config.clone(), flags)
    }

    /// Where the store is, for commands that need nothing else.
    pub fn place(&self) -> anyhow::Result<Place> {
        Ok(Place::of(&self.load(Vec::new())?.config))
    }

    /// The data directory of the embedded store; `instead` says what to do for another one.
    pub fn embedded_dir(&self, instead: &str) -> anyhow::Result<PathBuf> {
        let place = self.place()?;
        anyhow::ensure!(place.is_embedded(), "the store is {place}: {instead}");
        Ok(place.data_dir)
    }
}
