//! Dependencies between the crates point one way, and back ends are seen by the binary only.
use super::read_metadata;
use std::collections::BTreeMap;

/// What each library may name; the binary, the tests and the benches may name any.
const ALLOWED: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("wire", &["model"]),
    ("ports", &["model"]),
    ("pipeline", &["model", "wire"]),
    ("telemetry", &["model", "ports"]),
    ("books", &["model", "ports"]),
    ("registry", &["model", "ports"]),
    ("sqlite", &["model", "ports", "books", "registry"]),
    ("postgres", &["model", "ports", "books", "registry"]),
    ("redis", &["model", "ports"]),
    ("dashboard", &["model", "ports"]),
    (
        "server",
        &[
            "model",
            "wire",
            "ports",
            "pipeline",
            "telemetry",
            "dashboard",
        ],
    ),
];
const FREE: [&str; 5] = ["cognobserve", "tests", "bench", "servers", "memory-service"];
/// No doing, only knowing: these crates have no runtime, no database, no network.
const PURE: [&str; 3] = ["model", "wire", "pipeline"];
const IMPURE: [&str; 8] = [
    "tokio",
    "axum",
    "hyper",
    "rusqlite",
    "reqwest",
    "ureq",
    "tracing",
    "async-trait",
];

/// Before the names of crates that are not ours.
const FOREIGN: &str = "~";

/// Names of the normal dependencies of each crate of the workspace, without our prefix.
fn read_edges() -> BTreeMap<String, Vec<String>> {
    let metadata = read_metadata();
    let members = metadata["workspace_members"].as_array().expect("members");
    let packages = metadata["packages"].as_array().expect("packages");
    // A crate of ours may be named after the one that it wraps.
    let short = |name: &str| match name.strip_prefix("cognobserve-") {
        Some(short) => short.to_owned(),
        None if name == "cognobserve" => name.to_owned(),
        None => format!("{FOREIGN}{name}"),
    };
    packages
        .iter()
        .filter(|package| members.contains(&package["id"]))
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let normal = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null());
            let names = normal
                .map(|dependency| short(dependency["name"].as_str().expect("a name")))
                .collect();
            (short(package["name"].as_str().expect("a name")), names)
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let edges = read_edges();
    let ours: Vec<&String> = edges.keys().collect();
    for (name, dependencies) in &edges {
        if FREE.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            panic!("say in this test what the crate {name} may depend on");
        };
        for dependency in dependencies
            .iter()
            .filter(|dependency| ours.contains(dependency))
        {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn what_only_knows_does_nothing() {
    let edges = read_edges();
    for name in PURE {
        for dependency in &edges[name] {
            assert!(
                !IMPURE.contains(&dependency.trim_start_matches(FOREIGN)),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn no_crate_may_be_unsafe() {
    for entry in std::fs::read_dir(super::find_root().join("crates")).expect("crates") {
        let dir = entry.expect("an entry").path();
        let root = ["src/lib.rs", "src/main.rs"]
            .map(|path| dir.join(path))
            .into_iter()
            .find(|path| path.exists())
            .expect("a root file");
        let text = std::fs::read_to_string(&root).expect("it can be read");
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{}",
            root.display()
        );
    }
}
