//! `--help` of everything there is, and the documents that commands print about themselves.
use crate::harness::{Server, run_command};
use std::collections::BTreeSet;
use tempfile::TempDir;

/// The subcommands that a help lists.
fn list_commands(help: &str) -> Vec<String> {
    let section = help.split("Commands:\n").nth(1).unwrap_or_default();
    let names = section
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_has_help_with_an_example_that_names_it() {
    let dir = TempDir::new().unwrap();
    let mut open = vec![Vec::<String>::new()];
    let mut seen = BTreeSet::new();
    while let Some(command) = open.pop() {
        let mut args: Vec<&str> = command.iter().map(String::as_str).collect();
        args.push("--help");
        let help = run_command(&dir.path().join("none"), &args, &[], b"")
            .expect_success()
            .out;
        assert!(help.contains("Example"), "{args:?}: {help}");
        let line = ["cognobserve".to_owned()]
            .iter()
            .chain(&command)
            .cloned()
            .collect::<Vec<_>>()
            .join(" ");
        let examples = help.split("Example").nth(1).unwrap();
        assert!(
            examples.contains(&line),
            "the example does not show `{line}`: {help}"
        );
        for name in list_commands(&help) {
            open.push(command.iter().cloned().chain([name]).collect());
        }
        seen.insert(command.join(" "));
    }
    for name in [
        "serve",
        "demo",
        "import",
        "export",
        "users",
        "projects",
        "projects create",
        "projects counts",
        "keys",
        "keys create",
        "accounts",
        "accounts invite",
        "accounts invitations",
        "accounts uninvite",
        "accounts reset",
        "accounts role",
        "accounts list",
        "prices",
        "verify",
        "backup",
        "doctor",
        "config",
        "config show",
        "openapi",
    ] {
        assert!(seen.contains(name), "{name} is missing: {seen:?}");
    }
    assert!(!dir.path().join("none").exists(), "help makes nothing");
}

#[test]
fn what_is_not_there_is_an_error() {
    let dir = TempDir::new().unwrap();
    let none = dir.path().join("none");
    for args in [
        &["nonsense"][..],
        &["serve", "--nonsense"],
        &["keys"],
        &["keys", "create", "--scopes", "all"],
        &["verify"],
        &["projects", "list"],
        &["import"],
    ] {
        let printed = run_command(&none, args, &[], b"").expect_failure();
        assert!(!printed.err.is_empty(), "{args:?}");
        assert!(printed.out.is_empty(), "{args:?}: {}", printed.out);
    }
    assert!(!none.exists(), "errors make nothing");
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("settings.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:5555\"\n[limits]\nin_flight_mib = 128\n",
    )
    .unwrap();
    let key = crate::harness::server::make_key();
    let settings = [
        ("COGNOBSERVE_LISTEN", "127.0.0.1:6666"),
        ("COGNOBSERVE_INIT_API_KEY", key.as_str()),
    ];
    let shown = run_command(
        dir.path(),
        &[
            "config",
            "show",
            "--json",
            "--config",
            file.to_str().unwrap(),
        ],
        &settings,
        b"",
    )
    .expect_success();
    assert!(!shown.out.contains(&key), "{}", shown.out);
    let shown = shown.json();
    assert_eq!(shown["listen"]["value"], "127.0.0.1:6666");
    assert!(
        shown["listen"]["origin"]
            .as_str()
            .unwrap()
            .contains("COGNOBSERVE_LISTEN"),
        "{shown}"
    );
    assert_eq!(shown["limits.in_flight_mib"]["value"], "128");
    let default = run_command(dir.path(), &["config", "default"], &[], b"")
        .expect_success()
        .out;
    std::fs::write(&file, default).unwrap();
    run_command(
        dir.path(),
        &["config", "show", "--config", file.to_str().unwrap()],
        &[],
        b"",
    )
    .expect_success();
    std::fs::write(&file, "lisen = \"x\"\nlog.format = \"xml\"\n").unwrap();
    let printed = run_command(
        dir.path(),
        &["config", "show", "--config", file.to_str().unwrap()],
        &[],
        b"",
    )
    .expect_failure();
    assert!(
        printed.err.contains("lisen") && printed.err.contains("xml"),
        "all problems at once: {}",
        printed.err
    );
    let printed = run_command(
        dir.path(),
        &["serve"],
        &[
            ("COGNOBSERVE_INIT_API_KEY", "co_sk_short"),
            ("COGNOBSERVE_LISTEN", "127.0.0.1:0"),
        ],
        b"",
    )
    .expect_failure();
    assert!(!printed.err.contains("co_sk_short"), "{}", printed.err);
}

#[test]
fn the_printed_openapi_is_the_served_one() {
    let server = Server::start();
    let printed = server.run(&["openapi"]).expect_success().json();
    let served = server.client().anonymous().read("/openapi.json");
    assert_eq!(printed["paths"], served["paths"]);
    assert!(
        printed["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3."))
    );
    server.client().anonymous().get("/docs").expect(200);
}

#[test]
fn doctor_tells_what_is_wrong() {
    let server = Server::start();
    let well = server.run(&["doctor", "--json"]).expect_success().json();
    assert_eq!(well["ok"], true, "{well}");
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let ill = run_command(&file, &["doctor", "--json"], &[], b"")
        .expect_failure()
        .json();
    assert_eq!(ill["ok"], false, "{ill}");
}
