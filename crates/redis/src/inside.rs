//! What all parts of an open queue share: settings, names, connections, and the worker's hands.
use crate::error::{QueueResult, refuse};
use crate::hands::Hands;
use crate::keys::Keys;
use crate::link::Link;
use crate::pull::Reading;
use crate::push::Gauge;
use crate::settings::Settings;
use redis::{Client, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Mutex;

pub(crate) struct Inside {
    pub(crate) settings: Settings,
    pub(crate) keys: Arc<Keys>,
    /// This worker's name.
    pub(crate) worker: String,
    /// For pushes: large, and maybe waiting for replicas.
    pub(crate) door: Link,
    /// For what must not wait behind them: leases, acknowledgements, questions.
    pub(crate) control: Link,
    /// For reads that block.
    pub(crate) reader: Link,
    pub(crate) hands: Hands,
    pub(crate) reading: Mutex<Reading>,
    /// Reads end early.
    pub(crate) leaving: AtomicBool,
    pub(crate) gauge: Gauge,
}

impl Inside {
    pub(crate) fn new(settings: Settings) -> QueueResult<Inside> {
        settings.check()?;
        let client = make_client(&settings)?;
        let keys = Arc::new(Keys::new(&settings.prefix, settings.partitions));
        let link = |repeats| {
            Link::new(
                client.clone(),
                Arc::clone(&keys),
                settings.connect_timeout,
                settings.response_timeout,
                repeats,
            )
        };
        let name = settings.worker.clone();
        Ok(Inside {
            worker: name.unwrap_or_else(|| format!("w{:016x}", rand::random::<u64>())),
            door: link(true),
            control: link(true),
            reader: link(false),
            hands: Hands::default(),
            reading: Mutex::default(),
            leaving: AtomicBool::new(false),
            gauge: Gauge::default(),
            keys,
            settings,
        })
    }
}

fn make_client(settings: &Settings) -> QueueResult<Client> {
    // The driver's error may repeat the URL, and that holds a password.
    let misread = |_| refuse("the queue's URL is not like redis://user:password@host:port/0");
    let address = settings.url.as_str().into_connection_info();
    let address = address.map_err(misread)?;
    // Whatever the URL says: answers have other shapes in the other protocol.
    let spoken = address.redis_settings().clone();
    let address = address.set_redis_settings(spoken.set_protocol(ProtocolVersion::RESP2));
    if !settings.url.starts_with("rediss:") {
        return match &settings.roots {
            None => Client::open(address).map_err(misread),
            Some(_) => Err(refuse("roots for the queue's server need a rediss:// URL")),
        };
    }
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster; then theirs is taken.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let Some(path) = &settings.roots else {
        return Client::open(address).map_err(misread);
    };
    let refuse_roots = |why: String| refuse(format!("cannot use {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|error| refuse_roots(error.to_string()))?;
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    };
    Client::build_with_tls(address, certificates)
        .map_err(|_| refuse_roots("it holds no certificates".into()))
}
