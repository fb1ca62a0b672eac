//! The package as a stranger gets it: packed, unpacked, named in a new project, and run as the README says.

mod support;

use std::process::Command;

use support::project::{build, find_target, here, make_home, run, run_cargo};
use support::real_server::{KEY, RealServer};

/// The first block of Rust in the README.
fn read_quick_start() -> String {
    let readme = std::fs::read_to_string(here().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```rust\n").unwrap();
    rest.split_once("```\n").unwrap().0.to_owned()
}

#[test]
fn the_readme_and_the_example_say_the_same() {
    let example = std::fs::read_to_string(here().join("examples/quick_start.rs")).unwrap();
    assert!(example.ends_with(&read_quick_start()));
}

#[test]
fn the_package_works_in_a_new_project_as_the_readme_says() {
    let listed = run_cargo(here(), &["package", "--list", "--allow-dirty", "--locked"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<&str> = listed.lines().collect();
    for needed in ["LICENSE", "README.md", "Cargo.toml", "src/lib.rs"] {
        assert!(files.contains(&needed), "{listed}");
    }
    assert!(
        !files.iter().any(|file| file.starts_with("tests/")),
        "{listed}"
    );

    let pack = ["package", "--no-verify", "--allow-dirty", "--locked"];
    run_cargo(here(), &pack);
    let home = make_home("new-project");
    let name = concat!("cognobserve-sdk-", env!("CARGO_PKG_VERSION"));
    let archive = find_target().join("package").join(format!("{name}.crate"));
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .current_dir(&home));
    let licence = std::fs::read(home.join(name).join("LICENSE")).unwrap();
    assert_eq!(licence, std::fs::read(here().join("LICENSE")).unwrap());

    let path = format!("path = \"{name}\"");
    let program = build(&home, "quick-start", &path, "", &read_quick_start());

    let Some(server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: built, but not run");
        return;
    };
    let output = run(Command::new(program)
        .env("COGNOBSERVE_API_KEY", KEY)
        .env("COGNOBSERVE_ENDPOINT", &server.url));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "\"Hello!\"\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let user = server.find_user("user-123");
    assert_eq!(
        (&user["traceCount"], &user["totalTokens"]),
        (&1.into(), &1500.into())
    );
}
