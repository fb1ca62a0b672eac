//! Settings of product telemetry: who may be told what, and where. Nothing leaves unless a provider is named, and each
//! of several words can say no, whatever the others say.
use super::Secret;
use super::read::Reader;
use cognobserve_telemetry::anonymise::AllowList;
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::request::Sink;
use cognobserve_telemetry::request::address::read_base;

/// What this installation tells of its developers' end users.
#[derive(Clone, Debug)]
pub struct Telemetry {
    pub edition: Edition,
    /// Whether anything may be captured and sent.
    pub is_enabled: bool,
    /// Complete: each has the address and the key that it needs.
    pub targets: Vec<Target>,
    /// Properties that may leave of an anonymised event.
    pub allowed: AllowList,
    /// Whether addresses elsewhere may be without TLS.
    pub is_plain_http_allowed: bool,
    /// Whether events of other installations are taken.
    pub is_proxy: bool,
    /// How long events are kept after they came in.
    pub retention_days: u32,
}

/// A provider, and how it is reached.
#[derive(Clone, Debug)]
pub struct Target {
    pub provider: Provider,
    pub base_url: String,
    /// `None` for the proxy, which takes none.
    pub key: Option<Secret>,
}

impl Target {
    pub fn sink(&self) -> Sink {
        Sink {
            provider: self.provider,
            base_url: self.base_url.clone(),
            key: self
                .key
                .as_ref()
                .map(|key| key.expose().to_owned())
                .unwrap_or_default(),
        }
    }
}

impl Reader {
    pub(super) fn read_telemetry(&mut self) -> Telemetry {
        let is_enabled = self.read("telemetry.enabled", read_switch).unwrap_or(false);
        let is_plain_http_allowed = self
            .read("telemetry.plain_http", read_switch)
            .unwrap_or(false);
        let providers = self
            .read_optional("telemetry.providers", read_providers)
            .unwrap_or_default();
        let targets = providers
            .into_iter()
            .filter_map(|provider| self.read_target(provider, is_plain_http_allowed))
            .collect();
        Telemetry {
            edition: self.read_edition(),
            is_enabled,
            targets,
            allowed: self
                .read_optional("telemetry.allow", read_allowed)
                .unwrap_or_default(),
            is_plain_http_allowed,
            is_proxy: self.read("telemetry.proxy", read_switch).unwrap_or(false),
            retention_days: self
                .read("telemetry.retention_days", read_days)
                .unwrap_or_default(),
        }
    }

    /// A word that is not known is the more private edition.
    fn read_edition(&mut self) -> Edition {
        let word = self.read_optional("edition", |word| Ok(word.to_ascii_lowercase()));
        let word = word.unwrap_or_default();
        let edition = Edition::read(&word);
        if !word.is_empty() && word != edition.as_str() {
            self.warn(format!(
                "edition: {word:?} is neither `cloud` nor `opensource`; it is taken as `opensource`"
            ));
        }
        edition
    }

    /// The provider with all that it needs; `None` after noting what is missing.
    fn read_target(&mut self, provider: Provider, allows_plain: bool) -> Option<Target> {
        let (url, key) = match provider {
            Provider::Amplitude => ("amplitude.url", Some("amplitude.api_key")),
            Provider::Posthog => ("posthog.host", Some("posthog.api_key")),
            Provider::Proxy => ("telemetry.url", None),
        };
        let read_address: fn(&str) -> Result<String, String> = match allows_plain {
            true => |text: &str| read_base(text, true),
            false => |text: &str| read_base(text, false),
        };
        let base_url = self.read_needed(provider, url, read_address);
        let key = match key {
            Some(key) => Some(self.read_needed(provider, key, read_provider_key)?),
            None => None,
        };
        Some(Target {
            provider,
            base_url: base_url?,
            key,
        })
    }

    fn read_needed<T>(
        &mut self,
        provider: Provider,
        key: &str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.is_set(key) {
            return self.read(key, parse);
        }
        let provider = provider.as_str();
        self.refuse(format!(
            "telemetry.providers: {provider} needs {key}: set it, or leave {provider} out"
        ));
        None
    }
}

fn read_switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("{text:?} is neither `true` nor `false`")),
    }
}

fn read_days(text: &str) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| format!("{text:?} is not a number of days, 1 to 36500"))
}

fn read_providers(text: &str) -> Result<Vec<Provider>, String> {
    Provider::read_list(text).map_err(|error| error.to_string())
}

fn read_allowed(text: &str) -> Result<AllowList, String> {
    AllowList::with(text).map_err(|error| error.to_string())
}

/// The value is a secret: the message must not repeat it.
fn read_provider_key(text: &str) -> Result<Secret, String> {
    match text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Secret::new(text)),
        false => Err("not a key: up to 200 letters, digits and signs, without spaces".into()),
    }
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
