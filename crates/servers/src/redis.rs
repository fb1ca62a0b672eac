//! Redis: an empty server that keeps nothing, unless it is told to; it may be killed and
//! come back with what it kept.
use crate::process::{self, OWN, Own, Start};
use std::path::Path;

const ADVICE: &str = "these tests need Redis: install it (Debian and Ubuntu: apt-get install \
     redis-server; macOS: brew install redis), or name a running server's URL in \
     COGNOBSERVE_TEST_REDIS";

pub struct RedisServer {
    url: String,
    /// `None`: somebody else's.
    own: Option<Own>,
}

impl RedisServer {
    pub(crate) fn given(url: String) -> RedisServer {
        RedisServer { url, own: None }
    }

    /// Starts a server of the caller's own.
    ///
    /// # Panics
    /// If none can be started.
    pub fn start() -> RedisServer {
        RedisServer::start_with(&[])
    }

    /// Starts a server of the caller's own, with words of its command line (`--name value`)
    /// after the usual ones.
    ///
    /// # Panics
    /// If none can be started.
    pub fn start_with(words: &[&str]) -> RedisServer {
        let started = process::make_dir()
            .map_err(|error| error.to_string())
            .and_then(|dir| {
                start_in(&dir, words).inspect_err(|_| drop(std::fs::remove_dir_all(&dir)))
            });
        match started {
            Ok(server) => server,
            Err(error) => panic!("{error}\n\n{ADVICE}"),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the server at once, as when the power fails, and waits until it is gone.
    ///
    /// # Panics
    /// If the server is somebody else's, or gone.
    pub fn kill(&self) {
        self.own.as_ref().expect(OWN).kill();
    }

    /// Starts it again where it was, with what it kept.
    ///
    /// # Panics
    /// If the server is somebody else's, or does not start.
    pub fn restart(&mut self) {
        self.own.as_mut().expect(OWN).restart();
    }

    /// Sends a signal (`KILL`, `STOP`, `CONT`).
    ///
    /// # Panics
    /// If the server is somebody else's, or gone.
    pub fn signal(&self, signal: &str) {
        self.own.as_ref().expect(OWN).signal(signal);
    }
}

fn start_in(dir: &Path, more: &[&str]) -> Result<RedisServer, String> {
    let port = process::find_port().map_err(|error| error.to_string())?;
    let (port_text, dir_text) = (port.to_string(), dir.to_string_lossy());
    let pid_text = dir.join("pid").to_string_lossy().into_owned();
    let mut command = words_of(&[
        "redis-server",
        "--port",
        &port_text,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        &dir_text,
        "--pidfile",
        &pid_text,
    ]);
    command.extend(words_of(more));
    let own = Own::start(Start {
        command,
        as_user: Vec::new(),
        dir: dir.to_owned(),
        port,
        signal: "TERM",
        ready: "Ready to accept connections",
        is_failure: |line| line.contains("not found"),
        pid_file: "pid",
    })?;
    Ok(RedisServer {
        url: format!("redis://127.0.0.1:{port}"),
        own: Some(own),
    })
}

fn words_of(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}
