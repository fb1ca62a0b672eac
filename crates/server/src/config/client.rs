//! Where a client command finds the server, and with which key.
use super::Secret;
use super::layers::Sources;

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4100";

/// Flags first, then the environment.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Without a trailing slash.
    pub endpoint: String,
    pub api_key: Option<Secret>,
}

/// COGNOBSERVE_ENDPOINT and COGNOBSERVE_API_KEY unless the flags say otherwise.
pub fn read_client(url: Option<String>, key: Option<String>, sources: &Sources) -> ClientSettings {
    let of_environment = |name: &str| {
        let found = sources.environment.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let endpoint = url.or_else(|| of_environment("COGNOBSERVE_ENDPOINT"));
    let endpoint = endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    ClientSettings {
        endpoint: endpoint.trim_end_matches('/').to_owned(),
        api_key: key
            .or_else(|| of_environment("COGNOBSERVE_API_KEY"))
            .map(Secret::new),
    }
}
