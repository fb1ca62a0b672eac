//! `demo`: made-up people to click through, gone when it ends.
use crate::harness::Client;
use crate::harness::announced::{Running, find_curl, run_curl, wait_ready};
use crate::harness::command::{find_binary, prepare_command};
use crate::harness::server::find_port;
use crate::harness::wait::wait_until;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn a_demo_has_people_with_a_history_and_leaves_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let (port, log) = (find_port(), dir.path().join("log"));
    let file = std::fs::File::create(&log).unwrap();
    let mut command = prepare_command(&find_binary());
    command.args([
        "demo",
        "--users",
        "300",
        "--listen",
        &format!("127.0.0.1:{port}"),
    ]);
    command.current_dir(dir.path()).env("TMPDIR", dir.path());
    command.stdout(file.try_clone().unwrap()).stderr(file);
    let mut demo = Running(command.spawn().unwrap());
    let printed = wait_ready(port, &log, "john@acme.com");
    run_curl(&find_curl(&printed), dir.path());

    let key_file = printed
        .split("$(cat '")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .expect("a file with the key");
    let key_file = PathBuf::from(key_file);
    let key = std::fs::read_to_string(&key_file).unwrap();
    let client = Client::new(&format!("http://127.0.0.1:{port}"), Some(key.trim()));
    let total = client.read("/v1/users/summary?days=30")["totalUsers"]
        .as_i64()
        .unwrap();
    assert!(total >= 300, "{total}");
    // The person whom the demo is about: he is found, and his failures are there.
    let john = client.read("/v1/users?search=john@acme.com");
    let john = &john["items"][0];
    assert!(john["errorTraceCount"].as_i64().unwrap() > 0, "{john}");
    let failed = client.read(&format!(
        "/v1/users/{}/traces?level=ERROR",
        john["id"].as_str().unwrap()
    ));
    assert!(!failed["items"].as_array().unwrap().is_empty());
    let days = client.read("/v1/costs?groupBy=day&limit=100");
    assert!(days["rows"].as_array().unwrap().len() >= 14, "some weeks");
    let verified = prepare_command(&find_binary())
        .args(["verify", "--json", "--data-dir"])
        .arg(key_file.parent().unwrap())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let report: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(report["differenceCount"], 0, "{report}");
    assert!(report["traces"].as_i64().unwrap() > 500, "{report}");

    assert!(
        Command::new("sh")
            .args(["-c", "kill -TERM $0", &demo.0.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let ended =
        wait_until(Duration::from_secs(30), || demo.0.try_wait().unwrap()).expect("it ends");
    assert!(ended.success(), "{ended}");
    assert!(!key_file.exists(), "{} is left behind", key_file.display());
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["log"], "only what this test made");
}
