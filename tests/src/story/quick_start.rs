//! The first five minutes: an empty directory, one command, the curl that it prints.
use crate::harness::Client;
use crate::harness::command::{find_binary, prepare_command};
use crate::harness::server::find_port;
use crate::harness::wait::wait_until;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A process that goes away with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Waits until it is ready and has said so; what it has said.
fn wait_ready(port: u16, log: &Path) -> String {
    let client = Client::new(&format!("http://127.0.0.1:{port}"), None);
    let ready = wait_until(Duration::from_secs(60), || {
        client
            .try_send("GET", "/readyz", &[], b"")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    let read = || String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    assert!(ready.is_some(), "{}", read());
    // It says where the reference is whenever it says anything, and that before the curl.
    let said = |text: &String| text.contains("/docs") && text.contains(&format!(":{port}"));
    wait_until(Duration::from_secs(10), || Some(read()).filter(said))
        .unwrap_or_else(|| panic!("it says nothing: {}", read()))
}

/// The printed command: from the line that starts with `curl` on, as long as lines go on.
fn find_curl(printed: &str) -> String {
    let mut lines = printed
        .lines()
        .map(|line| line.trim_end_matches('\r'))
        .skip_while(|line| !line.trim_start().starts_with("curl "));
    let mut command = String::new();
    for line in lines.by_ref() {
        command.push_str(line);
        command.push('\n');
        let quotes = command.matches('\'').count();
        if !line.ends_with('\\') && quotes.is_multiple_of(2) {
            break;
        }
    }
    assert!(!command.is_empty(), "no curl is printed: {printed}");
    command
}

fn run_curl(command: &str, dir: &Path) -> String {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .output()
        .expect("sh runs");
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command}: {answer} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(answer.contains("\"success\":true"), "{command}: {answer}");
    answer
}

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
    let printed = wait_ready(port, &log);

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
    let mut start = || {
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
        let printed = wait_ready(port, &log);
        (running, printed)
    };
    let (server, printed) = start();
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
    let (_server, printed) = start();
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
