//! What a server says when it starts: where to click, and a first request that works as it is.
//! Invariant: a key or a link in clear is printed to a terminal only.
use super::first_account::Entry;
use super::first_start::Handover;
use super::run::find_local_url;
use super::run::find_public_url;
use crate::assemble::Place;
use crate::cmd::output::{is_terminal, print_line};
use cognobserve_server::config::Config;
use std::net::SocketAddr;

const FIRST_TRACE: &str = r#"{"name":"hello","user_id":"me","spans":[{"name":"say hello","type":"generation","model":"gpt-4o","usage":{"prompt_tokens":12,"completion_tokens":5}}]}"#;

/// Where the server is and how to use it.
pub struct Announcement {
    /// For programs on this machine.
    pub local_url: String,
    /// For browsers.
    pub public_url: String,
    pub place: Place,
    /// The first key, if there is one to hand over.
    pub handover: Option<Handover>,
    /// How the first person gets in, if nobody can yet.
    pub entry: Option<Entry>,
}

impl Announcement {
    pub fn new(address: SocketAddr, config: &Config, place: Place) -> Announcement {
        Announcement {
            local_url: find_local_url(address),
            public_url: find_public_url(config, address),
            place,
            handover: None,
            entry: None,
        }
    }

    pub fn print(&self) -> anyhow::Result<()> {
        let url = &self.local_url;
        tracing::info!(%url, store = %self.place, version = env!("CARGO_PKG_VERSION"), "serving");
        if self.handover.is_some() || self.entry.is_some() || is_terminal() {
            print_line(&self.write())?;
        }
        Ok(())
    }

    fn write(&self) -> String {
        let (local, url) = (&self.local_url, &self.public_url);
        let mut text = format!(
            "CognObserve {} serves {url} from {}\n",
            env!("CARGO_PKG_VERSION"),
            self.place
        );
        text += &format!("API reference: {url}/docs\n");
        match &self.entry {
            None => text += &format!("Dashboard: {url}/\n"),
            Some(Entry::Shown(link)) => {
                text += &format!("\nOpen this in a browser, once, within 30 minutes:\n  {link}\n");
            }
            Some(Entry::Written(path)) => {
                text += &format!(
                    "\nA link for your browser, for one use within 30 minutes, is in {} (for its owner's eyes only).\n",
                    path.display()
                );
            }
            Some(Entry::Given) => {
                text +=
                    &format!("Dashboard: {url}/login with the e-mail and password that you gave\n");
            }
        }
        let key = match &self.handover {
            None => return text,
            Some(Handover::Shown(key)) => {
                text += &format!("\nYour API key, shown this once:\n  {}\n", key.reveal());
                key.reveal().to_owned()
            }
            Some(Handover::Written(path)) => {
                text += &format!(
                    "\nYour API key is in {} (for its owner's eyes only).\n",
                    path.display()
                );
                format!("$(cat '{}')", path.display())
            }
            Some(Handover::Given) => "$COGNOBSERVE_API_KEY".to_owned(),
        };
        text += &format!(
            "\nSend a first trace:\n  curl -sS {local}/v1/traces -H \"X-API-Key: {key}\" -H 'Content-Type: application/json' \\\n    -d '{FIRST_TRACE}'\n"
        );
        text += &format!(
            "See whose it was and what it cost:\n  curl -sS {local}/v1/users -H \"X-API-Key: {key}\"\n"
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_server::auth::key::SecretKey;

    fn announce(handover: Option<Handover>) -> String {
        let local = find_local_url("0.0.0.0:4100".parse().unwrap());
        Announcement {
            public_url: local.clone(),
            local_url: local,
            place: Place::embedded("/data"),
            handover,
            entry: None,
        }
        .write()
    }

    #[test]
    fn the_first_request_is_ready_to_paste() {
        let key = SecretKey::generate();
        let text = announce(Some(Handover::Shown(key.clone())));
        assert!(text.contains(&format!(
            "curl -sS http://127.0.0.1:4100/v1/traces -H \"X-API-Key: {}\"",
            key.reveal()
        )));
        assert!(text.contains("http://127.0.0.1:4100/docs"));
        let text = announce(Some(Handover::Written("/data/first-api-key".into())));
        assert!(text.contains("$(cat '/data/first-api-key')"));
        assert!(!announce(None).contains("curl"));
    }
}
