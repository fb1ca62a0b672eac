//! Tests of reading settings of telemetry.
use super::super::{Loaded, Origin, Problems, Sources, load};
use cognobserve_telemetry::edition::{Edition, Provider};
use serde_json::json;

fn read(pairs: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    load(&Sources {
        environment: pairs.iter().map(own).collect(),
        ..Sources::default()
    })
}

const AMPLITUDE: [(&str, &str); 2] = [
    ("COGNOBSERVE_TELEMETRY_PROVIDERS", "amplitude"),
    ("COGNOBSERVE_AMPLITUDE_API_KEY", "secret-word"),
];

#[test]
fn nothing_leaves_unless_somebody_says_where_to() {
    let telemetry = read(&[]).unwrap().config.telemetry;
    assert!(telemetry.targets.is_empty() && telemetry.is_enabled);
    assert_eq!(telemetry.edition, Edition::OpenSource);
}

#[test]
fn a_provider_comes_with_all_that_it_needs() {
    let loaded = read(&[
        (
            "COGNOBSERVE_TELEMETRY_PROVIDERS",
            "posthog, amplitude,proxy",
        ),
        ("COGNOBSERVE_AMPLITUDE_API_KEY", "secret-word"),
        ("COGNOBSERVE_AMPLITUDE_URL", "http://127.0.0.1:9/"),
        ("COGNOBSERVE_POSTHOG_API_KEY", "phc_secret-word"),
        ("COGNOBSERVE_TELEMETRY_URL", "https://observe.example.com"),
        ("COGNOBSERVE_TELEMETRY_ALLOW", "seats,plan=free|pro"),
    ])
    .unwrap();
    assert!(!format!("{loaded:?}").contains("secret-word"));
    let telemetry = loaded.config.telemetry;
    let told = telemetry.targets.iter().map(|target| {
        let sink = target.sink();
        (sink.provider, sink.url(), sink.key)
    });
    let expected = [
        (
            Provider::Amplitude,
            "http://127.0.0.1:9/batch",
            "secret-word",
        ),
        (
            Provider::Posthog,
            "https://us.i.posthog.com/batch/",
            "phc_secret-word",
        ),
        (
            Provider::Proxy,
            "https://observe.example.com/v1/telemetry/events",
            "",
        ),
    ];
    assert_eq!(
        told.collect::<Vec<_>>(),
        expected.map(|(provider, url, key)| (provider, url.to_owned(), key.to_owned()))
    );
    let passes = |value| telemetry.allowed.pass("x", "plan", &value).is_some();
    assert!(passes(json!("pro")) && !passes(json!("enterprise")));
}

#[test]
fn what_is_missing_or_unsafe_stops_the_start() {
    for (given, problem) in [
        (
            vec![("COGNOBSERVE_TELEMETRY_PROVIDERS", "amplitude")],
            "amplitude needs amplitude.api_key",
        ),
        (
            vec![("TELEMETRY_PROVIDER", "posthog")],
            "posthog needs posthog.api_key",
        ),
        (
            vec![("COGNOBSERVE_TELEMETRY_PROVIDERS", "proxy")],
            "proxy needs telemetry.url",
        ),
        (vec![("TELEMETRY_PROVIDER", "postdog")], "postdog"),
        (
            vec![("COGNOBSERVE_TELEMETRY_ALLOW", "email")],
            "telemetry.allow",
        ),
        (
            vec![("COGNOBSERVE_TELEMETRY_ENABLED", "perhaps")],
            "telemetry.enabled",
        ),
        (
            vec![
                AMPLITUDE[0],
                ("COGNOBSERVE_AMPLITUDE_API_KEY", "secret word"),
            ],
            "amplitude.api_key (environment",
        ),
        (
            vec![
                AMPLITUDE[0],
                AMPLITUDE[1],
                ("COGNOBSERVE_AMPLITUDE_URL", "http://example.com"),
            ],
            "telemetry.plain_http",
        ),
    ] {
        let problems = read(&given).unwrap_err().to_string();
        assert!(
            problems.contains(problem),
            "{problem} is missing in {problems}"
        );
        assert!(!problems.contains("secret"), "{problems}");
    }
    let plain = [
        AMPLITUDE[0],
        AMPLITUDE[1],
        ("COGNOBSERVE_AMPLITUDE_URL", "http://example.com"),
        ("COGNOBSERVE_TELEMETRY_PLAIN_HTTP", "true"),
    ];
    assert!(read(&plain).is_ok());
}

#[test]
fn an_edition_that_is_not_known_is_the_private_one_and_is_told() {
    let edition = |pairs: &[(&str, &str)]| {
        let loaded = read(pairs).unwrap();
        (loaded.config.telemetry.edition, loaded.warnings.len())
    };
    let (ours, theirs) = ("COGNOBSERVE_EDITION", "PAPR_EDITION");
    assert_eq!(edition(&[(ours, "Cloud")]), (Edition::Cloud, 0));
    assert_eq!(edition(&[(theirs, "cloud")]), (Edition::Cloud, 0));
    assert_eq!(
        edition(&[(theirs, "cloud"), (ours, "")]),
        (Edition::Cloud, 0)
    );
    assert_eq!(
        edition(&[(theirs, "cloud"), (ours, "opensource")]),
        (Edition::OpenSource, 0)
    );
    assert_eq!(edition(&[(ours, "clowd")]), (Edition::OpenSource, 1));
}

#[test]
fn no_other_word_overrules_a_no() {
    let yes = ("COGNOBSERVE_TELEMETRY_ENABLED", "true");
    for no in [
        ("COGNOBSERVE_TELEMETRY_ENABLED", "false"),
        ("TELEMETRY_ENABLED", "false"),
        ("TELEMETRY_ENABLED", "0"),
        ("TELEMETRY_ENABLED", "no"),
        ("TELEMETRY_ENABLED", "off"),
        ("DO_NOT_TRACK", "1"),
    ] {
        let mut given = vec![yes, ("TELEMETRY_ENABLED", "true"), ("DO_NOT_TRACK", "0")];
        given.retain(|(name, _)| *name != no.0);
        assert!(read(&given).unwrap().config.telemetry.is_enabled);
        given.push(no);
        let loaded = read(&given).unwrap();
        assert!(!loaded.config.telemetry.is_enabled, "{no:?}");
        let shown = loaded
            .effective
            .iter()
            .find(|it| it.key == "telemetry.enabled");
        assert_eq!(shown.unwrap().origin, Origin::Environment(no.0.to_owned()));
    }
}

#[test]
fn keys_come_from_files_and_are_never_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "secret-word\n").unwrap();
    let path = file.path().to_str().unwrap();
    let loaded = read(&[AMPLITUDE[0], ("COGNOBSERVE_AMPLITUDE_API_KEY_FILE", path)]).unwrap();
    assert_eq!(loaded.config.telemetry.targets[0].sink().key, "secret-word");
    assert!(!format!("{loaded:?}").contains("secret-word"));
    let shown = loaded
        .effective
        .iter()
        .find(|it| it.key == "amplitude.api_key");
    assert_eq!(shown.unwrap().value, "***");
}
