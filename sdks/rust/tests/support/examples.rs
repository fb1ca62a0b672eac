//! The examples as programs of their own.

use std::process::{Command, Output};

use super::real_server::KEY;

pub fn run(name: &str, url: &str, more: &[(&str, &str)]) -> Output {
    let tests = std::env::current_exe().unwrap();
    let path = tests
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name);
    let mut command = Command::new(&path);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COGNOBSERVE_")) {
        command.env_remove(name);
    }
    command
        .env("COGNOBSERVE_API_KEY", KEY)
        .env("COGNOBSERVE_ENDPOINT", url);
    let output = command.envs(more.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{path:?}: {output:?}");
    output
}

pub fn say(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
