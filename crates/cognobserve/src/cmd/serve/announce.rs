//! What a server says when it starts: where to click, and a first request that works as it is.
//! Invariant: a key in clear is printed to a terminal only.
use super::first_start::Handover;
use crate::assemble::Place;
use crate::cmd::output::{is_terminal, print_line};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const FIRST_TRACE: &str = r#"{"name":"hello","user_id":"me","spans":[{"name":"say hello","type":"generation","model":"gpt-4o","usage":{"prompt_tokens":12,"completion_tokens":5}}]}"#;

/// Where the server is and how to use it.
pub struct Announcement {
    pub address: SocketAddr,
    pub public_url: Option<String>,
    pub place: Place,
    /// The first key, if there is one to hand over.
    pub handover: Option<Handover>,
}

impl Announcement {
    pub fn print(&self) -> anyhow::Result<()> {
        let url = self.local_url();
        tracing::info!(%url, store = %self.place, version = env!("CARGO_PKG_VERSION"), "serving");
        if self.handover.is_some() || is_terminal() {
            print_line(&self.write())?;
        }
        Ok(())
    }

    fn local_url(&self) -> String {
        let mut address = self.address;
        // Nobody can connect to "any address".
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }

    fn write(&self) -> String {
        let local = self.local_url();
        let url = self.public_url.as_deref().unwrap_or(&local);
        let mut text = format!(
            "CognObserve {} serves {url} from {}\n",
            env!("CARGO_PKG_VERSION"),
            self.place
        );
        text += &format!("API reference: {url}/docs\n");
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
        let address = "0.0.0.0:4100".parse().unwrap();
        Announcement {
            address,
            public_url: None,
            place: Place::embedded("/data"),
            handover,
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
