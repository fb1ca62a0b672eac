//! Tests of reading settings.
use super::*;
use std::io::Write;

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let environment = pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    Sources {
        environment,
        ..Sources::default()
    }
}

fn write_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn find<'a>(loaded: &'a Loaded, key: &str) -> &'a Effective {
    loaded
        .effective
        .iter()
        .find(|setting| setting.key == key)
        .unwrap()
}

const KEY: &str = "co_sk_0123456789012345678901234567890123456789abc";

#[test]
fn the_embedded_defaults_are_valid_and_documented() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:4100");
    assert_eq!(loaded.config.data_dir, PathBuf::from("./cognobserve-data"));
    assert_eq!(loaded.config.public_url, None);
    assert_eq!(loaded.config.limits.in_flight_bytes, 256 << 20);
    assert!(loaded.config.init.api_key.is_none());
    assert!(
        loaded
            .effective
            .iter()
            .all(|setting| setting.origin == Origin::Default)
    );
    let page = include_str!("../../../../docs/configuration.md");
    for setting in &loaded.effective {
        let name = format!(
            "COGNOBSERVE_{}",
            setting.key.replace('.', "_").to_ascii_uppercase()
        );
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is missing in docs/configuration.md"
        );
    }
}

#[test]
fn a_copy_of_the_defaults_is_a_valid_file() {
    let file = write_file(DEFAULT_TOML);
    let sources = Sources {
        file: Some(file.path().into()),
        ..Sources::default()
    };
    assert!(load(&sources).is_ok());
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_default() {
    let file = write_file("listen = '0.0.0.0:1'\ndata_dir = '/file'\n[log]\nformat = 'json'\n");
    let mut sources = environment(&[
        ("COGNOBSERVE_LISTEN", "0.0.0.0:2"),
        ("COGNOBSERVE_DATA_DIR", "/environment"),
    ]);
    sources.file = Some(file.path().into());
    sources.flags = vec![Flag {
        key: "listen",
        flag: "--listen",
        value: "0.0.0.0:3".into(),
    }];
    let loaded = load(&sources).unwrap();
    assert_eq!(loaded.config.listen.port(), 3);
    assert_eq!(find(&loaded, "listen").origin, Origin::Flag("--listen"));
    assert_eq!(loaded.config.data_dir, PathBuf::from("/environment"));
    assert_eq!(
        find(&loaded, "data_dir").origin.to_string(),
        "environment COGNOBSERVE_DATA_DIR"
    );
    assert_eq!(loaded.config.log.format, LogFormat::Json);
    assert_eq!(
        find(&loaded, "log.format").origin,
        Origin::File(file.path().into())
    );
    assert_eq!(find(&loaded, "log.filter").origin, Origin::Default);
}

#[test]
fn all_problems_are_told_at_once() {
    let file = write_file(
        "lisen = 'x'\nroles = ['ingst']\n[limits]\nin_flight_mib = 1.5\n[log]\ncolour = true\n",
    );
    let mut sources = environment(&[
        ("COGNOBSERVE_LISTEN", "nowhere"),
        ("COGNOBSERVE_PUBLIC_URL", "observe.example.com"),
        ("COGNOBSERVE_INIT_API_KEY", "secret-word"),
        ("COGNOBSERVE_CLICKHOUSE_URL", "http://db"),
    ]);
    sources.file = Some(file.path().into());
    let problems = load(&sources).unwrap_err();
    let text = problems.to_string();
    for part in [
        "lisen (file ",
        "log.colour (file ",
        "limits.in_flight_mib (file ",
        "roles (file ",
        "listen (environment COGNOBSERVE_LISTEN): \"nowhere\"",
        "public_url (environment",
        "init.api_key (environment",
        "COGNOBSERVE_CLICKHOUSE_URL",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(problems.0.len(), 8, "{text}");
    assert!(!text.contains("secret-word"));
}

#[test]
fn a_broken_or_missing_file_is_a_problem() {
    let file = write_file("listen = \n");
    let sources = Sources {
        file: Some(file.path().into()),
        ..Sources::default()
    };
    assert!(load(&sources).is_err());
    let sources = Sources {
        file: Some("/nowhere/at/all.toml".into()),
        ..Sources::default()
    };
    assert!(
        load(&sources)
            .unwrap_err()
            .to_string()
            .contains("/nowhere/at/all.toml")
    );
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let file = write_file(&format!("{KEY}\n"));
    let path = file.path().to_str().unwrap();
    let loaded = load(&environment(&[("COGNOBSERVE_INIT_API_KEY_FILE", path)])).unwrap();
    assert_eq!(loaded.config.init.api_key.as_ref().unwrap().reveal(), KEY);
    assert_eq!(find(&loaded, "init.api_key").value, "***");
    assert!(!format!("{loaded:?}").contains(KEY));
    let both = environment(&[
        ("COGNOBSERVE_INIT_API_KEY_FILE", path),
        ("COGNOBSERVE_INIT_API_KEY", KEY),
    ]);
    assert!(load(&both).unwrap_err().to_string().contains("both set"));
    let missing = environment(&[("COGNOBSERVE_INIT_PROJECT_FILE", "/nowhere/at/all")]);
    assert!(
        load(&missing)
            .unwrap_err()
            .to_string()
            .contains("COGNOBSERVE_INIT_PROJECT_FILE")
    );
}

#[test]
fn unknown_variables_are_named_and_others_left_alone() {
    let loaded = load(&environment(&[
        ("COGNOBSERVE_LISTN", "x"),
        ("COGNOBSERVE_LISTEN_FILE", "x"),
        ("COGNOBSERVE_LISTEN", ""),
        ("COGNOBSERVE_ENDPOINT", "http://x"),
        ("COGNOBSERVE_API_KEY", KEY),
        ("COGNOBSERVE_SERVICE_HOST", "10.0.0.1"),
        ("COGNOBSERVE_PORT", "tcp://10.0.0.1:4100"),
        ("COGNOBSERVE_PORT_4100_TCP_ADDR", "10.0.0.1"),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    let expected = ["COGNOBSERVE_LISTN", "COGNOBSERVE_LISTEN_FILE"]
        .map(|name| format!("{name} is not a setting of this version and is ignored"));
    assert_eq!(loaded.warnings, expected);
    assert_eq!(loaded.config.listen.port(), 4100);
}

#[test]
fn roles_come_in_any_order_and_with_what_they_need() {
    assert!(
        load(&environment(&[(
            "COGNOBSERVE_ROLES",
            "web, api,worker,ingest"
        )]))
        .is_ok()
    );
    let api = ("COGNOBSERVE_ROLES", "api");
    let part = load(&environment(&[api])).unwrap_err();
    assert!(part.to_string().contains("set database.url"), "{part}");
    let database = ("COGNOBSERVE_DATABASE_URL", "postgres://u:secret-word@db/x");
    let loaded = load(&environment(&[api, database])).unwrap();
    assert!(loaded.config.roles.contains(Role::Api));
    assert!(!loaded.config.roles.contains(Role::Ingest));
    let shown = find(&loaded, "database.url").value.clone();
    assert_eq!(shown, "***");
    assert!(!format!("{:?}", loaded.config).contains("secret-word"));
    let ingest = ("COGNOBSERVE_ROLES", "ingest,api");
    let apart = load(&environment(&[ingest, database])).unwrap_err();
    assert!(apart.to_string().contains("set queue.url"), "{apart}");
    let queue = ("COGNOBSERVE_QUEUE_URL", "redis://q");
    assert!(load(&environment(&[ingest, database, queue])).is_ok());
    let alone = load(&environment(&[queue])).unwrap_err();
    assert!(
        alone
            .to_string()
            .contains("the embedded store has its own queue")
    );
    let plain = ("COGNOBSERVE_DATABASE_URL", "mysql://u:secret-word@db/x");
    let wrong = load(&environment(&[plain])).unwrap_err().to_string();
    assert!(
        wrong.contains("database.url") && !wrong.contains("secret-word"),
        "{wrong}"
    );
    let wrong = load(&environment(&[(
        "COGNOBSERVE_ROLES",
        "ingest,worker,api,wbe",
    )]))
    .unwrap_err();
    assert!(wrong.to_string().contains("\"wbe\""));
}

#[test]
fn clients_take_flags_before_the_environment() {
    let sources = environment(&[
        ("COGNOBSERVE_ENDPOINT", "https://a.example/"),
        ("COGNOBSERVE_API_KEY", "k1"),
    ]);
    let found = read_client(None, None, &sources);
    assert_eq!(
        (found.endpoint.as_str(), found.api_key.unwrap().expose()),
        ("https://a.example", "k1")
    );
    let found = read_client(Some("http://b".into()), Some("k2".into()), &sources);
    assert_eq!(
        (found.endpoint.as_str(), found.api_key.unwrap().expose()),
        ("http://b", "k2")
    );
    assert_eq!(
        read_client(None, None, &Sources::default()).endpoint,
        "http://127.0.0.1:4100"
    );
}
