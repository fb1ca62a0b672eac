//! Redis: an empty server that keeps nothing, unless it is told to; it may be killed and
//! come back with what it kept.
use crate::process::{self, Start, Watched};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ADVICE: &str = "these tests need Redis: install it (Debian and Ubuntu: apt-get install \
     redis-server; macOS: brew install redis), or name a running server's URL in \
     COGNOBSERVE_TEST_REDIS";

pub struct RedisServer {
    url: String,
    /// `None`: somebody else's.
    own: Option<Own>,
}

struct Own {
    port: u16,
    dir: PathBuf,
    command: Vec<String>,
    /// The latest first: it must end before an earlier one removes the directory.
    watched: Vec<Watched>,
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

    /// Sends a signal (`KILL`, `STOP`, `CONT`).
    ///
    /// # Panics
    /// If the server is somebody else's, or gone.
    pub fn signal(&self, signal: &str) {
        let own = self.find_own();
        let pid = std::fs::read_to_string(own.dir.join("pid"));
        let sent = pid
            .map_err(|error| error.to_string())
            // The shell's own: a small machine has no program of that name.
            .and_then(|pid| {
                process::run(&words_of(&[
                    "sh",
                    "-c",
                    "kill -s $0 $1",
                    signal,
                    pid.trim(),
                ]))
            });
        if let Err(error) = sent {
            panic!("no signal {signal}: {error}");
        }
    }

    /// Ends the server at once, as when the power fails, and waits until it is gone.
    ///
    /// # Panics
    /// As [`RedisServer::signal`].
    pub fn kill(&mut self) {
        self.signal("KILL");
        let own = self.find_own();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", own.port)).is_ok() {
            assert!(began.elapsed() < Duration::from_secs(30), "still serving");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again where it was, with what it kept.
    ///
    /// # Panics
    /// If the server is somebody else's, or does not start.
    pub fn restart(&mut self) {
        let Some(own) = &mut self.own else {
            panic!("not a server of one's own");
        };
        match run(&own.dir, &own.command) {
            Ok(watched) => own.watched.insert(0, watched),
            Err(error) => panic!("{error}"),
        }
    }

    fn find_own(&self) -> &Own {
        match &self.own {
            Some(own) => own,
            None => panic!("not a server of one's own"),
        }
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
    let watched = run(dir, &command)?;
    Ok(RedisServer {
        url: format!("redis://127.0.0.1:{port}"),
        own: Some(Own {
            port,
            dir: dir.to_owned(),
            command,
            watched: vec![watched],
        }),
    })
}

fn run(dir: &Path, command: &[String]) -> Result<Watched, String> {
    // What an earlier server said must not be taken for this one's word.
    let _ = std::fs::remove_file(dir.join("log"));
    let start = Start {
        command: command.to_vec(),
        as_user: Vec::new(),
        dir,
        signal: "TERM",
        ready: "Ready to accept connections",
        failed: "not found",
    };
    start.run()
}

fn words_of(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}
