//! The package as a stranger gets it: packed, unpacked, named in a new project, and run as the README says.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::real_server::{KEY, RealServer};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where this test was built, so that what the package needs is not built anew.
fn find_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("..")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {err}");
    output
}

fn run_cargo(at: &Path, arguments: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo and the compiler tell a test of themselves things that are not meant for another cargo.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("COGNOBSERVE_") {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_TARGET_DIR", find_target());
    run(cargo.args(arguments).current_dir(at))
}

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
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-project");
    drop(std::fs::remove_dir_all(&home));
    std::fs::create_dir_all(home.join("src")).unwrap();
    let name = concat!("cognobserve-sdk-", env!("CARGO_PKG_VERSION"));
    let archive = find_target().join("package").join(format!("{name}.crate"));
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .current_dir(&home));
    let licence = std::fs::read(home.join(name).join("LICENSE")).unwrap();
    assert_eq!(licence, std::fs::read(here().join("LICENSE")).unwrap());

    let manifest = format!(
        "[package]\nname = \"quick-start\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         cognobserve-sdk = {{ path = \"{name}\" }}\nserde_json = \"1\"\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt-multi-thread\", \"time\"] }}\n\n\
         [profile.dev]\ndebug = 0\n"
    );
    std::fs::write(home.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(home.join("src/main.rs"), read_quick_start()).unwrap();
    // The versions that are here already.
    std::fs::copy(here().join("Cargo.lock"), home.join("Cargo.lock")).unwrap();
    run_cargo(&home, &["build", "--offline"]);

    let Some(server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: built, but not run");
        return;
    };
    let output = run(Command::new(find_target().join("debug/quick-start"))
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
