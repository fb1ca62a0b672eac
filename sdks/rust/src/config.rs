//! What the SDK is told: options in code, then the environment, then defaults. Wrong ones are warned about.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::say::{Listener, warn, warn_once};

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4100";

/// What a mask is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// What a call was given.
    Input,
    /// What it answered.
    Output,
    /// A field of a `tracing` span that is kept as metadata.
    Field,
    /// The properties of an event, an object.
    Properties,
}

pub(crate) type Mask = Arc<dyn Fn(Value, Content) -> Value + Send + Sync>;

/// The options of [`init`](crate::init). What is not set comes from the environment, else is the default.
#[derive(Clone, Default)]
#[must_use]
pub struct Config {
    api_key: Option<String>,
    endpoint: Option<String>,
    disabled: Option<bool>,
    debug: Option<bool>,
    capture_content: Option<bool>,
    mask: Option<Mask>,
    immediate: bool,
    max_queue_size: Option<usize>,
    max_batch_size: Option<usize>,
    flush_interval: Option<Duration>,
    request_timeout: Option<Duration>,
    max_retries: Option<u32>,
    shutdown_timeout: Option<Duration>,
    pub(crate) listener: Option<Listener>,
}

macro_rules! options {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(mut self, value: $kind) -> Self {
            self.$name = Some(value);
            self
        }
    )*};
}

impl Config {
    /// Nothing set: all from the environment and the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The project's key, else `COGNOBSERVE_API_KEY`. Without one: one warning, and nothing is recorded.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The server's base URL, else `COGNOBSERVE_ENDPOINT`, else `http://127.0.0.1:4100`. A path behind it is kept.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    options! {
        /// Calls run, nothing is recorded; else `COGNOBSERVE_DISABLED`.
        disabled: bool;
        /// Tells on stderr what is sent and refused, never content or keys; else `COGNOBSERVE_DEBUG`.
        debug: bool;
        /// Whether input and output are sent at all; else `COGNOBSERVE_CAPTURE_CONTENT`, else yes.
        capture_content: bool;
        /// Spans that wait, 2048, and as many events; over it the oldest go, counted, with one warning.
        max_queue_size: usize;
        /// Spans, or events, that make a request leave at once, 512.
        max_batch_size: usize;
        /// The longest that something waits, 5 s.
        flush_interval: Duration;
        /// For one try, 10 s.
        request_timeout: Duration;
        /// Tries after the first, 5.
        max_retries: u32;
        /// The longest that the end of the program is held up, 5 s.
        shutdown_timeout: Duration;
    }

    /// Called with each input and output, and an event's properties; its answer is sent. If it panics: `"[masked]"`, and no
    /// properties.
    pub fn mask(mut self, mask: impl Fn(Value, Content) -> Value + Send + Sync + 'static) -> Self {
        self.mask = Some(Arc::new(mask));
        self
    }

    /// Each trace is sent when it ends, and the call waits for it: for serverless functions.
    pub fn immediate(mut self) -> Self {
        self.immediate = true;
        self
    }

    /// Where the SDK's few warnings go instead of stderr, such as your own log.
    pub fn on_warning(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    pub(crate) fn is_debug(&self) -> bool {
        read_flag(self.debug, "DEBUG", false)
    }

    pub(crate) fn into_settings(self) -> Settings {
        let disabled = read_flag(self.disabled, "DISABLED", false);
        let api_key = read_text(self.api_key, "API_KEY", "");
        let endpoint = read_endpoint(&read_text(self.endpoint, "ENDPOINT", DEFAULT_ENDPOINT));
        if api_key.is_empty() && !disabled {
            warn_once(
                "no key",
                "no API key (api_key or COGNOBSERVE_API_KEY): nothing is recorded or sent",
            );
        }
        Settings {
            is_recording: !(disabled || api_key.is_empty() || endpoint.is_empty()),
            api_key,
            endpoint,
            capture_content: read_flag(self.capture_content, "CAPTURE_CONTENT", true),
            mask: self.mask,
            is_immediate: self.immediate,
            max_queue_size: self.max_queue_size.unwrap_or(2048).max(1),
            max_batch_size: self.max_batch_size.unwrap_or(512).max(1),
            flush_interval: read_duration(self.flush_interval, 5),
            request_timeout: read_duration(self.request_timeout, 10).max(Duration::from_millis(1)),
            max_retries: self.max_retries.unwrap_or(5),
            shutdown_timeout: read_duration(self.shutdown_timeout, 5),
        }
    }
}

/// All options with their values.
pub(crate) struct Settings {
    pub(crate) is_recording: bool,
    pub(crate) api_key: String,
    pub(crate) endpoint: String,
    pub(crate) capture_content: bool,
    pub(crate) mask: Option<Mask>,
    pub(crate) is_immediate: bool,
    pub(crate) max_queue_size: usize,
    pub(crate) max_batch_size: usize,
    pub(crate) flush_interval: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_retries: u32,
    pub(crate) shutdown_timeout: Duration,
}

/// At most a day: what is added to the time of now must not overflow.
fn read_duration(given: Option<Duration>, default: u64) -> Duration {
    given
        .unwrap_or(Duration::from_secs(default))
        .min(Duration::from_secs(86_400))
}

fn read_env(name: &str) -> Option<String> {
    let text = std::env::var(format!("COGNOBSERVE_{name}")).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_text(given: Option<String>, name: &str, default: &str) -> String {
    match given {
        Some(text) => text.trim().to_owned(),
        None => read_env(name).unwrap_or_else(|| default.to_owned()),
    }
}

fn read_flag(given: Option<bool>, name: &str, default: bool) -> bool {
    let from_env = || {
        Some(matches!(
            read_env(name)?.to_lowercase().as_str(),
            "true" | "1" | "yes" | "on"
        ))
    };
    given.or_else(from_env).unwrap_or(default)
}

/// Without the slash at its end; empty if it cannot be used.
fn read_endpoint(text: &str) -> String {
    let bare = text
        .split(['?', '#'])
        .next()
        .unwrap_or("")
        .trim_end_matches('/');
    let host = bare
        .strip_prefix("http://")
        .or_else(|| bare.strip_prefix("https://"));
    let is_usable = host.is_some_and(|host| {
        !host.is_empty() && !host.starts_with(['/', ':']) && bare.parse::<ureq::http::Uri>().is_ok()
    });
    if !is_usable {
        warn("the endpoint is no http or https address: nothing is recorded or sent");
        return String::new();
    }
    if bare.starts_with("https://") && !cfg!(feature = "tls") {
        warn(
            "the endpoint is https, for which the crate's feature `tls` is needed: nothing is recorded or sent",
        );
        return String::new();
    }
    bare.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_kept_with_their_path_and_nonsense_is_not_used() {
        assert_eq!(read_endpoint("http://a:1/"), "http://a:1");
        assert_eq!(read_endpoint("http://a/deep/er/?q#f"), "http://a/deep/er");
        for nonsense in ["", "a", "ftp://a", "http://", "http:///x", "http://a b"] {
            assert_eq!(read_endpoint(nonsense), "", "{nonsense}");
        }
    }

    #[test]
    fn code_wins_over_defaults() {
        let settings = Config::new()
            .api_key(" k ")
            .max_queue_size(0)
            .into_settings();
        assert_eq!(
            (settings.api_key.as_str(), settings.max_queue_size),
            ("k", 1)
        );
        assert!(settings.is_recording && settings.capture_content && !settings.is_immediate);
        assert!(
            !Config::new()
                .api_key("k")
                .disabled(true)
                .into_settings()
                .is_recording
        );
    }
}
