//! Tests of telemetry as a server process puts it together: settings, store, provider.
use super::*;
use crate::assemble::{Access, Place, run_on_store};
use cognobserve_model::account::Project;
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;
use cognobserve_server::config::{Sources, load};
use cognobserve_telemetry::event::{DeveloperProfile, EndUserId, Event};
use cognobserve_telemetry::explain::explain;
use cognobserve_telemetry::stored::{make_id, store as as_stored};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

/// Takes requests, and tells their bodies.
fn open_provider() -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
            stream.get_mut().write_all(answer).unwrap();
            if tell.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (url, told)
}

fn configure(url: &str, more: &[(&str, &str)]) -> Config {
    let given = [
        ("COGNOBSERVE_EDITION", "cloud"),
        ("COGNOBSERVE_TELEMETRY_PROVIDERS", "amplitude"),
        ("COGNOBSERVE_AMPLITUDE_API_KEY", "key-7"),
        ("COGNOBSERVE_AMPLITUDE_URL", url),
    ];
    let all = given.iter().chain(more);
    let environment = all.map(|(name, value)| (name.to_string(), value.to_string()));
    let sources = Sources {
        environment: environment.collect(),
        ..Sources::default()
    };
    load(&sources).unwrap().config
}

fn make_event(installation: &Installation, project: &Project) -> Event {
    Event {
        id: make_id(installation, &project.id, Some("order-17")),
        name: "memory_created".into(),
        properties: json!({"type": "text"}).as_object().unwrap().clone(),
        end_user: Some(EndUserId::new("usr_1")),
        developer: Some(project.developer.clone()),
        profile: DeveloperProfile::default(),
        session: None,
        at: Micros::now(),
    }
}

#[test]
fn what_is_explained_is_what_is_sent() {
    for edition in ["cloud", "opensource"] {
        let dir = tempfile::tempdir().unwrap();
        let (url, told) = open_provider();
        let config = configure(&url, &[("COGNOBSERVE_EDITION", edition)]);
        run_on_store(&Place::embedded(dir.path()), Access::Serve, async |store| {
            let project = store.create_project("w", "p", &Actor::Operator).await?;
            let installation = describe_installation(&store, &config.telemetry);
            let event = make_event(&installation, &project);
            let now = Micros::now();
            let sink = config.telemetry.targets[0].sink();
            let explained = explain(&event, &project.id, &sink, &installation, now);
            let stored = as_stored(&event, project.id.clone(), now, &installation);
            store.events().append_events(vec![stored]).await?;
            let telling = describe_telling(&store, &config.telemetry).await.unwrap();
            let running = start_delivery(&store, &config, &telling).unwrap();
            let sent = told.recv_timeout(Duration::from_secs(20)).unwrap();
            running.shutdown(Duration::from_secs(5)).await;
            assert_eq!(
                sent,
                serde_json::from_slice::<Value>(&explained.body).unwrap()
            );
            let is_named = sent["events"][0]["user_id"] == project.developer.as_str();
            assert_eq!(is_named, edition == "cloud");
            anyhow::Ok(())
        })
        .unwrap();
    }
}

#[test]
fn a_no_or_no_provider_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run_on_store(&Place::embedded(dir.path()), Access::Serve, async |store| {
        for more in [
            ("DO_NOT_TRACK", "1"),
            ("TELEMETRY_ENABLED", "false"),
            ("COGNOBSERVE_TELEMETRY_PROVIDERS", "none"),
        ] {
            let config = configure("http://127.0.0.1:9", &[more]);
            let telling = describe_telling(&store, &config.telemetry).await.unwrap();
            assert!(
                start_delivery(&store, &config, &telling).is_none(),
                "{more:?}"
            );
        }
        anyhow::Ok(())
    })
    .unwrap();
}
