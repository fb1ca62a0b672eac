//! `demo`: made-up people to click through, gone when it ends.
use crate::harness::Client;
use crate::harness::announced::{Running, find_curl, run_curl, wait_ready};
use crate::harness::command::{find_binary, prepare_command};
use crate::harness::person::{Person, find_between, read_path};
use crate::harness::server::find_port;
use crate::harness::wait::wait_until;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A demo in a directory of its own, its port, and what it printed when it was ready.
fn start_demo(dir: &Path, users: &str) -> (Running, u16, String) {
    let (port, log) = (find_port(), dir.join("log"));
    let file = std::fs::File::create(&log).unwrap();
    let mut command = prepare_command(&find_binary());
    let address = format!("127.0.0.1:{port}");
    command.args(["demo", "--users", users, "--listen", &address]);
    command.current_dir(dir).env("TMPDIR", dir);
    command.stdout(file.try_clone().unwrap()).stderr(file);
    let demo = Running(command.spawn().unwrap());
    let printed = wait_ready(port, &log, "john@acme.com");
    (demo, port, printed)
}

#[test]
fn the_link_of_a_demo_lets_in_once_and_shows_its_people() {
    let dir = TempDir::new().unwrap();
    let (_demo, port, printed) = start_demo(dir.path(), "20");
    let file = find_between(&printed, "within 30 minutes, is in ", " (for its owner");
    let link = read_path(&std::fs::read_to_string(file).unwrap());
    let browser = || {
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None);
        Person::at(client, "me@acme.example")
    };
    let mut visitor = browser();
    // Nothing is asked: one click.
    let page = visitor.open(&link).expect(200).text();
    assert!(!page.contains("type=\"password\""), "{page}");
    visitor.submit(&link, &link, &[]).expect(303);
    let overview = visitor.follow("/").expect(200).text();
    assert!(overview.contains("Top users by cost"), "{overview}");
    assert!(!overview.contains("Waiting"), "{overview}");
    let john = visitor.follow("/users?search=john@acme.com");
    assert!(john.expect(200).text().contains("john@acme.com"));
    browser().open(&link).expect(404);
    // Out is not out for good: the password of this run opens it again, and no other does.
    visitor.submit("/account", "/logout", &[]).expect(303);
    let file = find_between(&printed, "with the password that is in ", " (for its owner");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{file}");
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(
        password.len() >= 16 && !printed.contains(&password),
        "{printed}"
    );
    let page = browser().open("/login").expect(200).text();
    assert!(page.contains("value=\"demo@example.com\""), "{page}");
    let mut again = browser();
    again.email = "demo@example.com".to_owned();
    again.log_in("demo").expect(401);
    again.log_in(&password).expect(303);
    again.open("/account").expect(200);
}

#[test]
fn a_demo_has_people_with_a_history_and_leaves_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let (mut demo, port, printed) = start_demo(dir.path(), "300");
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
    // What they did besides asking, in words that this edition may keep.
    let events = client.read("/v1/events/count?groupBy=event");
    assert_eq!(events["rows"].as_array().unwrap().len(), 3, "{events}");
    assert!(events["total"].as_i64() > Some(total), "{events}");
    let kinds = client.read("/v1/events/count?groupBy=property.type&event=memory_created");
    assert!(kinds["rows"][0]["key"].is_string(), "{kinds}");
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
