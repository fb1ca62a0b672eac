//! One `cognobserve serve` on a free port and a directory of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::wait_until;

pub const KEY: &str = "co_sk_rustSdkTests0000000000000000000000000000000";

pub struct RealServer {
    pub url: String,
    process: Child,
    home: PathBuf,
}

impl RealServer {
    /// `None` if no binary is named.
    pub fn start() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let binary = std::env::var_os("COGNOBSERVE_TEST_BIN")?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cognobserve-rust-{}-{number}", std::process::id());
        let home = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&home).unwrap();
        let (process, url) = serve(&binary, &home, "127.0.0.1:0");
        let server = Self { url, process, home };
        wait_until("the server is ready", || server.get("/readyz").is_some());
        Some(server)
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// On the same port, with what it had stored.
    pub fn restart(&mut self) {
        let binary = std::env::var_os("COGNOBSERVE_TEST_BIN").unwrap();
        (self.process, _) = serve(&binary, &self.home, self.address());
        wait_until("the server is ready", || self.get("/readyz").is_some());
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn get(&self, path: &str) -> Option<String> {
        let url = format!("{}{path}", self.url);
        ureq::get(url)
            .header("x-api-key", KEY)
            .call()
            .ok()?
            .body_mut()
            .read_to_string()
            .ok()
    }

    pub fn read(&self, path: &str) -> Value {
        serde_json::from_str(
            &self
                .get(path)
                .unwrap_or_else(|| panic!("{path} was not answered")),
        )
        .unwrap()
    }

    pub fn find_user(&self, external_id: &str) -> Value {
        let found = self.read(&format!("/v1/users?search={external_id}"));
        let items = found["items"].as_array().unwrap();
        let one = items
            .iter()
            .find(|one| one["externalId"] == external_id)
            .unwrap();
        self.read(&format!("/v1/users/{}", one["id"].as_str().unwrap()))
    }
}

/// Starts the binary, and answers its address when it has told it.
fn serve(binary: &OsStr, home: &Path, listen: &str) -> (Child, String) {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars() {
        if name.starts_with("COGNOBSERVE_") || name.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
        .arg("serve")
        .current_dir(home)
        .env("COGNOBSERVE_LISTEN", listen)
        .env("COGNOBSERVE_DATA_DIR", home.join("data"))
        .env("COGNOBSERVE_INIT_API_KEY", KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let log = Arc::<Mutex<Vec<String>>>::default();
    let pipes: [Box<dyn std::io::Read + Send>; 2] = [
        Box::new(process.stdout.take().unwrap()),
        Box::new(process.stderr.take().unwrap()),
    ];
    for pipe in pipes {
        let log = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
    }
    let find = || {
        let log = log.lock().unwrap();
        let line = log.iter().find_map(|line| line.split_once(" serves "))?.1;
        let url = line.split_whitespace().next()?;
        Some(url.trim_end_matches([',', '.', ';']).to_owned())
    };
    wait_until("the server's address", || find().is_some());
    (process, find().unwrap())
}

impl Drop for RealServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.home));
    }
}
