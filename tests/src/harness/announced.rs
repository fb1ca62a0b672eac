//! A command that serves: started as a person would, read, and its advice followed.
//! It goes away with the test that started it.
use super::client::Client;
use super::wait::wait_until;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// A process that goes away with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Waits until it is ready and has said the given words; what it has said.
#[track_caller]
pub fn wait_ready(port: u16, log: &Path, words: &str) -> String {
    let client = Client::new(&format!("http://127.0.0.1:{port}"), None);
    let ready = wait_until(Duration::from_secs(60), || {
        client
            .try_send("GET", "/readyz", &[], b"")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    let read = || String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    assert!(ready.is_some(), "{}", read());
    let said = |text: &String| text.contains(words) && text.contains(&format!(":{port}"));
    wait_until(Duration::from_secs(10), || Some(read()).filter(said))
        .unwrap_or_else(|| panic!("it does not say {words}: {}", read()))
}

/// The printed command: from the line that starts with `curl` on, as long as lines go on.
#[track_caller]
pub fn find_curl(printed: &str) -> String {
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

/// Runs it in a shell; it must be taken.
#[track_caller]
pub fn run_curl(command: &str, dir: &Path) -> String {
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
