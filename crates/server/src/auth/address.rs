//! Where a request comes from, for throttling and for the list of log-ins; never for deciding
//! what somebody may do.
use crate::config::TrustedProxies;
use crate::state::AppState;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// The other end of the connection; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The client's address: of the peer, or as our proxies say. `None`: not from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl FromRequestParts<Arc<AppState>> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<ClientAddress, Infallible> {
        let peer = parts.extensions.get::<Peer>();
        Ok(ClientAddress(peer.map(|peer| {
            find_client(peer.0, &parts.headers, &state.site.trusted_proxies)
        })))
    }
}

/// From the right, the first address that is not one of our proxies: what stands further left
/// anybody could have written.
fn find_client(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for");
    let mut hops: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    while proxies.contains(client) {
        let Some(hop) = hops.pop().and_then(read_hop) else {
            break;
        };
        client = hop;
    }
    client
}

/// `1.2.3.4`, `1.2.3.4:80`, `::1` or `[::1]:80`.
fn read_hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<std::net::SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap();
        for (peer, forwarded, client) in [
            ("1.1.1.1", "9.9.9.9", "1.1.1.1"),
            ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
            ("10.0.0.1", "8.8.8.8, 9.9.9.9", "9.9.9.9"),
            ("10.0.0.1", "8.8.8.8, 9.9.9.9, 10.0.0.2", "9.9.9.9"),
            ("10.0.0.1", "9.9.9.9:4711", "9.9.9.9"),
            ("10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"),
            ("10.0.0.1", "unknown", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let found = find_client(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found.to_string(), client, "{peer} {forwarded}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let proxies = TrustedProxies::parse("10.0.0.1").unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "8.8.8.8".parse().unwrap());
        headers.append("x-forwarded-for", "9.9.9.9".parse().unwrap());
        let found = find_client("10.0.0.1".parse().unwrap(), &headers, &proxies);
        assert_eq!(found.to_string(), "9.9.9.9");
    }
}
