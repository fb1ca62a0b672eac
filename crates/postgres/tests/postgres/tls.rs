//! TLS against a server whose certificate no browser knows.
use cognobserve_ports::{ErrorKind, StoreError};
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_servers::{PostgresServer, Schema, postgres};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::Path;

/// A server for the name `localhost`, and the root that signed for it.
fn start_server(dir: &Path) -> (PostgresServer, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &root).unwrap();
    let files = [
        ("server.crt", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let path = dir.join("root.pem");
    std::fs::write(&path, root.pem()).unwrap();
    let server = PostgresServer::start(&["ssl=on"], &files);
    (server, path.to_string_lossy().replace('/', "%2F"))
}

async fn open(schema: &Schema, host: &str, parameters: &str) -> Result<PostgresStore, StoreError> {
    let url = schema.url().replace("127.0.0.1", host);
    PostgresStore::open(&Settings::new(format!("{url}{parameters}"))).await
}

/// Whether the store's connections are encrypted, as the server sees it.
fn are_encrypted(schema: &Schema) -> Vec<String> {
    schema.read("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'cognobserve' AND state = 'idle'")
}

#[tokio::test]
async fn the_mode_decides_what_is_encrypted_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let (server, root) = start_server(dir.path());
    let schema = server.make_schema();
    let verified = format!("&sslmode=require&sslrootcert={root}");

    let store = open(&schema, "localhost", &verified).await.unwrap();
    assert_eq!(are_encrypted(&schema), ["t"]);
    drop(store);
    for (host, parameters, words) in [
        ("localhost", "&sslmode=require", "UnknownIssuer"),
        ("127.0.0.1", &verified, "not valid for name"),
    ] {
        let error = open(&schema, host, parameters)
            .await
            .err()
            .expect("refused");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains(words), "{error}");
    }
    // `prefer`, said or not, encrypts and verifies nothing.
    for parameters in ["", "&sslmode=prefer"] {
        let store = open(&schema, "127.0.0.1", parameters).await.unwrap();
        assert_eq!(are_encrypted(&schema), ["t"], "{parameters}");
        drop(store);
    }
}

#[tokio::test]
async fn disable_does_without_and_require_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = start_server(dir.path());
    let schema = server.make_schema();
    let store = open(&schema, "127.0.0.1", "&sslmode=disable")
        .await
        .unwrap();
    assert_eq!(are_encrypted(&schema), ["f"]);
    drop(store);
    let plain = postgres().make_schema();
    drop(open(&plain, "localhost", "&sslmode=prefer").await.unwrap());
    let error = open(&plain, "localhost", "&sslmode=require")
        .await
        .err()
        .expect("refused");
    assert!(
        error.to_string().contains("server does not support TLS"),
        "{error}"
    );
}

#[tokio::test]
async fn roots_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "nothing\n").unwrap();
    for (path, words) in [
        ("/no/such.pem", "/no/such.pem"),
        (empty.to_str().unwrap(), "no certificate"),
    ] {
        let url = format!("postgres://h.example/d?sslmode=require&sslrootcert={path}");
        let error = PostgresStore::open(&Settings::new(url))
            .await
            .err()
            .expect("refused");
        assert!(error.to_string().contains(words), "{error}");
    }
}
