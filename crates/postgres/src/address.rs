//! The database URL, taken apart: what the driver understands, and what TLS is to do.
//!
//! No message quotes the URL, since any part of it may be a piece of a mistyped password.
use crate::error::{StoreResult, internal};
use crate::tls::Tls;
use cognobserve_ports::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Parameters that the driver reads; `sslmode` and `sslrootcert` are read here.
const KNOWN: [&str; 17] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// Parameters of libpq that somebody may well have in a URL; they are named in the refusal.
const UNSUPPORTED: [&str; 14] = [
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "sslsni",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "gssencmode",
    "krbsrvname",
    "passfile",
    "service",
    "client_encoding",
    "fallback_application_name",
];

pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
}

impl Address {
    pub(crate) fn parse(url: &str) -> StoreResult<Address> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(refuse("it must begin with postgres:// or postgresql://"));
        }
        let (base, query) = split_query(url);
        let (mut kept, mut tls) = (Vec::new(), Tls::default());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| refuse("a parameter has no value"))?;
            match key {
                "sslmode" => tls.set_mode(value)?,
                "sslrootcert" => tls.set_roots(&decode(value)?),
                key if KNOWN.contains(&key) => kept.push(pair),
                key if UNSUPPORTED.contains(&key) => {
                    return Err(refuse(&format!("the parameter {key} is not supported")));
                }
                _ => return Err(refuse("it has a parameter that is not known")),
            }
        }
        tls.check()?;
        let mut config: Config = format!("{base}?{}", kept.join("&"))
            .parse()
            .map_err(|error: tokio_postgres::Error| refuse_as(&error))?;
        config.ssl_mode(tls.mode);
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refuse("it names no host"));
        }
        let named = !config.get_hosts().is_empty();
        if tls.mode == SslMode::Require && !named {
            return Err(refuse("sslmode=require needs the name of the host"));
        }
        Ok(Address { config, tls })
    }

    /// Hosts and ports, for messages.
    pub(crate) fn place(&self) -> String {
        let ports = self.config.get_ports();
        let hosts: Vec<String> = match self.config.get_hosts() {
            [] => self
                .config
                .get_hostaddrs()
                .iter()
                .map(|addr| addr.to_string())
                .collect(),
            hosts => hosts.iter().map(show_host).collect(),
        };
        let places = hosts.iter().enumerate().map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            format!("{host}:{port}")
        });
        places.collect::<Vec<_>>().join(", ")
    }
}

fn show_host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

/// Where the driver sees the parameters begin: a `?` before the `@` belongs to the password.
fn split_query(url: &str) -> (&str, &str) {
    let start = url.find('@').unwrap_or(0);
    match url[start..].find('?') {
        Some(at) => (&url[..start + at], &url[start + at + 1..]),
        None => (url, ""),
    }
}

/// Undoes percent encoding.
fn decode(text: &str) -> StoreResult<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| text_of_hex(after)).flatten();
        bytes.push(hex.unwrap_or(*first));
        rest = after
            .get(if hex.is_some() { 2 } else { 0 }..)
            .unwrap_or(&[]);
    }
    String::from_utf8(bytes).map_err(|_| refuse("a parameter is not UTF-8"))
}

fn text_of_hex(bytes: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(bytes.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

fn refuse(why: &str) -> StoreError {
    internal(format!("the database URL cannot be used: {why}"))
}

fn refuse_as(error: &tokio_postgres::Error) -> StoreError {
    match std::error::Error::source(error) {
        Some(source) => refuse(&source.to_string()),
        None => refuse("it does not read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(url: &str) -> String {
        let refused = Address::parse(url).err().expect("refused");
        refused.to_string()
    }

    #[test]
    fn a_url_is_taken_apart() {
        let url = "postgres://me:p%40ss@db.example:5433,other/cogno?sslmode=require&options=-csearch_path%3Da&sslrootcert=%2Fetc%2Fca.pem";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.place(), "db.example:5433, other:5432");
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address.config.get_options(), Some("-csearch_path=a"));
        assert_eq!(address.config.get_password(), Some(&b"p@ss"[..]));
        let plain = Address::parse("postgresql://h/d").unwrap();
        assert_eq!(plain.config.get_ssl_mode(), SslMode::Prefer);
    }

    #[test]
    fn what_is_not_supported_is_said() {
        let cases = [
            ("mysql://h/d", "must begin with"),
            ("postgres://h/d?sslcert=x", "sslcert is not supported"),
            ("postgres://h/d?nonsense=x", "not known"),
            ("postgres://h/d?user", "no value"),
            ("postgres://h/d?sslmode=verify-ca", "verify-ca"),
            ("postgres://h/d?sslmode=maybe", "sslmode"),
            ("postgres://h/d?sslrootcert=x", "sslmode=require"),
            ("postgres:///d", "no host"),
            ("postgres://h:port/d", "port"),
        ];
        for (url, words) in cases {
            assert!(why(url).contains(words), "{url}: {}", why(url));
        }
    }

    #[test]
    fn no_refusal_tells_of_the_password() {
        for url in [
            "postgres://me:s3@cret?s3=cret@h/d",
            "postgres://me:s3cret/d",
            "postgres://me:a?s3cret=1@h/d?s3cret=1",
        ] {
            assert!(!why(url).contains("s3"), "{}", why(url));
        }
    }
}
