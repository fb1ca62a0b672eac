//! A new project beside this one, built with what was built here already.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where this test was built, so that what the package needs is not built anew.
pub fn find_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("..")
}

pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {err}");
    output
}

pub fn run_cargo(at: &Path, arguments: &[&str]) -> Output {
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

/// An empty folder for it.
pub fn make_home(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&home));
    std::fs::create_dir_all(home.join("src")).unwrap();
    home
}

/// Builds `program` as `name`; `sdk` says where the SDK is, `more` what else it needs. Answers where it is.
pub fn build(home: &Path, name: &str, sdk: &str, more: &str, program: &str) -> PathBuf {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         cognobserve-sdk = {{ {sdk} }}\nserde_json = \"1\"\n\
         tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt-multi-thread\", \"time\"] }}\n\
         {more}\n[profile.dev]\ndebug = 0\n"
    );
    std::fs::write(home.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(home.join("src/main.rs"), program).unwrap();
    // The versions that are here already.
    std::fs::copy(here().join("Cargo.lock"), home.join("Cargo.lock")).unwrap();
    run_cargo(home, &["build", "--offline"]);
    find_target().join("debug").join(name)
}
