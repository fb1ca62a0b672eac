//! The first five minutes: an empty directory, one command, the curl that it prints.
use crate::harness::Client;
use crate::harness::announced::{Running, find_curl, run_curl, wait_ready};
use crate::harness::command::{find_binary, prepare_command};
use crate::harness::server::find_port;
use crate::harness::wait::wait_until;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;

/// What the last of the printed commands asks for.
const LAST_WORDS: &str = "/v1/users -H";

#[test]
fn one_command_in_an_empty_directory_and_the_printed_curl_works() {
    let dir = TempDir::new().unwrap();
    let (port, log) = (find_port(), dir.path().join("log"));
    let file = std::fs::File::create(&log).unwrap();
    let mut command = prepare_command(&find_binary());
    command
        .current_dir(dir.path())
        .env("COGNOBSERVE_LISTEN", format!("127.0.0.1:{port}"));
    let _server = Running(
        command
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap(),
    );
    let printed = wait_ready(port, &log, LAST_WORDS);

    let data = dir.path().join("cognobserve-data");
    assert_eq!(
        std::fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(
        printed.contains(&format!("http://127.0.0.1:{port}")),
        "{printed}"
    );
    // Not a terminal: the key itself goes to a file for the owner alone.
    assert!(!contains_key(&printed), "{printed}");
    let key_file = std::fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| std::fs::read_to_string(path).is_ok_and(|text| text.starts_with("co_sk_")));
    let key_file = key_file.expect("a file with the key");
    assert_eq!(
        std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777,
        0o600
    );

    run_curl(&find_curl(&printed), dir.path());
    let key = std::fs::read_to_string(&key_file).unwrap();
    let client = Client::new(&format!("http://127.0.0.1:{port}"), Some(key.trim()));
    let users = client.read("/v1/users");
    assert_eq!(users["items"][0]["traceCount"], 1, "{users}");
    assert_eq!(
        client.read("/v1/me")["scopes"],
        serde_json::json!(["ingest", "read"])
    );
}

#[test]
fn at_a_terminal_the_key_is_shown_once() {
    let dir = TempDir::new().unwrap();
    let (port, log) = (find_port(), dir.path().join("log"));
    let mut started = 0;
    let mut start = |words: &str| {
        started += 1;
        // `script` gives it a terminal and writes down what appears there.
        let mut command = prepare_command(Path::new("script"));
        command.args([
            "-qefc",
            &format!("exec {}", find_binary().display()),
            log.to_str().unwrap(),
        ]);
        command
            .current_dir(dir.path())
            .env("COGNOBSERVE_LISTEN", format!("127.0.0.1:{port}"));
        let running = Running(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        let printed = wait_ready(port, &log, words);
        (running, printed)
    };
    let (server, printed) = start(LAST_WORDS);
    assert!(contains_key(&printed), "{printed}");
    run_curl(&find_curl(&printed), dir.path());
    drop(server);
    let client = Client::new(&format!("http://127.0.0.1:{port}"), None);
    wait_until(Duration::from_secs(30), || {
        client
            .try_send("GET", "/healthz", &[], b"")
            .is_err()
            .then_some(())
    })
    .expect("it ends with its terminal");
    let (_server, printed) = start("/docs");
    assert!(
        !contains_key(&printed),
        "the second start shows the key again: {printed}"
    );
    assert_eq!(started, 2);
}

/// Whether a whole key is in a text.
fn contains_key(text: &str) -> bool {
    text.match_indices("co_sk_").any(|(at, _)| {
        text[at + 6..]
            .chars()
            .take(43)
            .filter(char::is_ascii_alphanumeric)
            .count()
            == 43
    })
}
