//! What is built in has a licence that deny.toml allows, comes from the registry, and is not
//! on its list of the unwanted.
use super::{ask_cargo, find_root, read_metadata};
use serde_json::Value;
use std::collections::BTreeSet;

struct Rules {
    allowed: BTreeSet<String>,
    unwanted: BTreeSet<String>,
}

fn read_rules() -> Rules {
    let text = std::fs::read_to_string(find_root().join("deny.toml")).expect("deny.toml");
    let rules: toml::Table = text.parse().expect("TOML");
    let list = |section: &str, key: &str| rules[section][key].as_array().expect("a list").clone();
    Rules {
        allowed: list("licenses", "allow")
            .iter()
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect(),
        unwanted: list("bans", "deny")
            .iter()
            .map(|entry| entry["name"].as_str().expect("a name").to_owned())
            .collect(),
    }
}

/// Whether an SPDX expression can be met by allowed licences. `/` is the old way to write OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (result, rest) = read_either(&words, allowed);
    assert!(rest.is_empty(), "cannot read {expression}");
    result
}

fn read_either<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut result, mut rest) = read_both(words, allowed);
    while let ["OR", tail @ ..] = rest {
        let (more, after) = read_both(tail, allowed);
        (result, rest) = (result || more, after);
    }
    (result, rest)
}

fn read_both<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut result, mut rest) = read_one(words, allowed);
    while let ["AND", tail @ ..] = rest {
        let (more, after) = read_one(tail, allowed);
        (result, rest) = (result && more, after);
    }
    (result, rest)
}

fn read_one<'a>(words: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", tail @ ..] => match read_either(tail, allowed) {
            (result, [")", after @ ..]) => (result, after),
            _ => panic!("a bracket is not closed: {words:?}"),
        },
        [name, "WITH", _, tail @ ..] | [name, tail @ ..] => (allowed.contains(*name), tail),
        [] => panic!("an empty expression"),
    }
}

#[test]
fn everything_built_in_is_allowed() {
    check_packages(read_metadata(), 50);
}

#[test]
fn everything_that_the_rust_sdk_needs_is_allowed() {
    let whole = ["--all-features", "--manifest-path", "sdks/rust/Cargo.toml"];
    check_packages(&ask_cargo(&whole), 20);
}

#[test]
fn every_package_brings_the_licence_of_the_whole() {
    let read = |path: &str| std::fs::read(find_root().join(path)).expect(path);
    let licence = read("LICENSE");
    for package in ["python", "rust", "typescript", "trpc"] {
        let own = format!("sdks/{package}/LICENSE");
        assert!(read(&own) == licence, "{own} differs");
    }
}

/// `least`: there are more than this, else something was overlooked.
fn check_packages(metadata: &Value, least: usize) {
    let rules = read_rules();
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > least);
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        assert!(
            !rules.unwanted.contains(name),
            "{name} is unwanted, see deny.toml"
        );
        let licence = package["license"]
            .as_str()
            .unwrap_or_else(|| panic!("{name} names no licence"));
        assert!(
            is_allowed(licence, &rules.allowed),
            "{name}: {licence} is not in deny.toml"
        );
        let source = package["source"].as_str();
        assert!(
            source.is_none_or(|source| source.starts_with("registry+")),
            "{name} comes from {source:?}"
        );
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed: BTreeSet<String> = ["MIT".to_owned(), "Zlib".to_owned()].into();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("Apache-2.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR Zlib) AND MIT", true),
        ("GPL-3.0 OR Zlib AND Apache-2.0", false),
        ("MIT WITH LLVM-exception", true),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
