//! One `cognobserve serve` on a free port and a directory of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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
        let binary = std::env::var_os("COGNOBSERVE_TEST_BIN")?;
        let home = std::env::temp_dir().join(format!("cognobserve-rust-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars() {
            if name.starts_with("COGNOBSERVE_") || name.starts_with("OTEL_") {
                command.env_remove(name);
            }
        }
        command
            .arg("serve")
            .current_dir(&home)
            .env("COGNOBSERVE_LISTEN", "127.0.0.1:0")
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
            Some(line.split_whitespace().next()?.to_owned())
        };
        wait_until("the server's address", || find().is_some());
        let mut server = Self {
            url: find().unwrap(),
            process,
            home,
        };
        server
            .url
            .truncate(server.url.trim_end_matches([',', '.', ';']).len());
        wait_until("the server is ready", || server.get("/readyz").is_some());
        Some(server)
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

impl Drop for RealServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.home));
    }
}
