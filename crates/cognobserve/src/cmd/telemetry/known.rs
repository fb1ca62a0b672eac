//! The settings of telemetry as the command that runs reads them. A running server may have been given others: it is not
//! asked.
use cognobserve_server::config::{Effective, Loaded, Telemetry};

pub struct Known {
    pub telemetry: Telemetry,
    effective: Vec<Effective>,
}

impl Known {
    pub fn of(loaded: Loaded) -> Known {
        Known {
            telemetry: loaded.config.telemetry,
            effective: loaded.effective,
        }
    }

    /// Where a setting comes from, like `environment DO_NOT_TRACK`, `file cognobserve.toml` or `default`.
    pub fn origin(&self, key: &str) -> String {
        let found = self.effective.iter().find(|setting| setting.key == key);
        found.map_or("default".to_owned(), |it| it.origin.to_string())
    }
}
