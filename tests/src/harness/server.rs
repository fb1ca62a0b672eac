//! One `cognobserve serve` process: started, waited for, stopped, killed, started again.
//! A server that panicked fails the test that owned it; a test that fails shows the log.
use super::client::Client;
use super::command::{Printed, find_binary, prepare_command, run_command};
use super::profile::Backing;
use super::wait::wait_until;
use rand::Rng;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How a server is to be started.
#[derive(Clone, Default)]
pub struct Setup {
    settings: Vec<(String, String)>,
    data_dir: Option<PathBuf>,
    launcher: Vec<String>,
}

impl Setup {
    pub fn new() -> Setup {
        Setup::default()
    }

    /// An environment variable of the server.
    pub fn setting(mut self, name: &str, value: &str) -> Setup {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A directory of the caller's instead of a temporary one.
    pub fn data_dir(mut self, path: &Path) -> Setup {
        self.data_dir = Some(path.to_owned());
        self
    }

    /// A command that ends by `exec "$0" "$@"`, run by `sh -c`.
    pub fn through_shell(mut self, script: &str) -> Setup {
        self.launcher = vec!["sh".into(), "-c".into(), script.to_owned()];
        self
    }

    #[track_caller]
    pub fn start(self) -> Server {
        self.start_over(&Backing::of_profile(), &make_key())
    }

    /// One of several over the same store, with the same key.
    #[track_caller]
    pub fn start_over(self, backing: &Backing, key: &str) -> Server {
        let home = TempDir::new().expect("a temporary directory");
        let data_dir = self
            .data_dir
            .clone()
            .unwrap_or_else(|| home.path().join("data"));
        let mut server = Server {
            child: None,
            log: home.path().join("log"),
            home: Arc::new(home),
            data_dir,
            key: key.to_owned(),
            port: 0,
            backing: backing.clone(),
            setup: self,
        };
        server.start_again();
        server
    }
}

/// A key of the right shape.
pub fn make_key() -> String {
    let letters: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
    let mut random = rand::rng();
    let tail: String = (0..43)
        .map(|_| letters[random.random_range(0..letters.len())])
        .collect();
    format!("co_sk_{tail}")
}

/// A free port on the loopback, below those that outgoing connections use.
pub fn find_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(20_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

pub struct Server {
    child: Option<Child>,
    home: Arc<TempDir>,
    data_dir: PathBuf,
    log: PathBuf,
    key: String,
    port: u16,
    backing: Backing,
    setup: Setup,
}

impl Server {
    /// With an empty store and one key of all scopes.
    #[track_caller]
    pub fn start() -> Server {
        Setup::new().start()
    }

    /// The same in the edition that knows whose events are.
    #[track_caller]
    pub fn start_cloud() -> Server {
        let setup = Setup::new().setting("COGNOBSERVE_EDITION", "cloud");
        setup.start()
    }

    /// A client with the key of all scopes.
    pub fn client(&self) -> Client {
        Client::new(&self.url(), Some(&self.key)).settled_by(&self.backing)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// A directory that lives as long as the server, beside its data.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn process_id(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// What it wrote to standard output and error so far.
    pub fn read_log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Runs a command on the same store, whether the server runs or not.
    pub fn run(&self, args: &[&str]) -> Printed {
        self.run_with(args, &[])
    }

    /// The same with settings of the command's own.
    pub fn run_with(&self, args: &[&str], settings: &[(&str, &str)]) -> Printed {
        let settings = [&self.backing.settings(), settings].concat();
        run_command(&self.data_dir, args, &settings, b"")
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Any signal, by its short name.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let id = self.process_id().to_string();
        // The shell's own: a small machine has no program of that name.
        let sent = Command::new("sh")
            .args(["-c", "kill -s $0 $1", name, &id])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "no signal {name}"
        );
    }

    /// SIGTERM, and waits for the end.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the server runs");
        let id = child.id().to_string();
        assert!(
            // The shell's own: a small machine has no program of that name.
            Command::new("sh")
                .args(["-c", "kill -TERM $0", &id])
                .status()
                .is_ok_and(|status| status.success())
        );
        let ended = wait_until(Duration::from_secs(60), || {
            child.try_wait().expect("it can be asked")
        });
        ended.unwrap_or_else(|| {
            child.kill().ok();
            panic!("it does not stop:\n{}", self.read_log())
        })
    }

    /// Starts on the same data, on the same port if it is free, and waits until it is ready.
    #[track_caller]
    pub fn start_again(&mut self) {
        for _ in 0..5 {
            self.spawn();
            match self.wait_ready() {
                Ok(()) => return,
                Err(_) if self.read_log().to_lowercase().contains("in use") => {}
                Err(status) => panic!("it ended with {status}:\n{}", self.read_log()),
            }
        }
        panic!("no free port:\n{}", self.read_log());
    }

    /// Starts without waiting.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the server runs");
        // The old port if it is free, so that clients find the server where it was.
        if self.port == 0 || TcpListener::bind(("127.0.0.1", self.port)).is_err() {
            self.port = find_port();
        }
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("the log can be written");
        let binary = find_binary();
        let mut command = match self.setup.launcher.split_first() {
            Some((program, rest)) => {
                let mut command = prepare_command(Path::new(program));
                command.args(rest).arg(&binary);
                command
            }
            None => prepare_command(&binary),
        };
        command
            .arg("serve")
            .current_dir(self.home.path())
            .env("COGNOBSERVE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("COGNOBSERVE_DATA_DIR", &self.data_dir)
            .env("COGNOBSERVE_INIT_API_KEY", &self.key)
            .envs(self.backing.settings())
            .envs(
                self.setup
                    .settings
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdout(Stdio::from(log.try_clone().expect("the log can be shared")))
            .stderr(Stdio::from(log));
        self.child = Some(command.spawn().expect("the binary starts"));
    }

    /// `Err`: it ended instead.
    #[track_caller]
    pub fn wait_ready(&mut self) -> Result<(), ExitStatus> {
        let client = Client::new(&self.url(), None);
        let child = self.child.as_mut().expect("the server runs");
        let outcome = wait_until(Duration::from_secs(120), || {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                return Some(Err(status));
            }
            let answer = client.try_send("GET", "/readyz", &[], b"").ok()?;
            (answer.status == 200).then_some(Ok(()))
        });
        let outcome =
            outcome.unwrap_or_else(|| panic!("it does not become ready:\n{}", self.read_log()));
        if outcome.is_err() {
            self.child = None;
        }
        outcome
    }

    /// Waits for it to end by itself.
    #[track_caller]
    pub fn wait_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the server runs");
        wait_until(Duration::from_secs(60), || {
            child.try_wait().expect("it can be asked")
        })
        .unwrap_or_else(|| {
            child.kill().ok();
            panic!("it does not end:\n{}", self.read_log())
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
        let log = self.read_log();
        if std::thread::panicking() {
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(40)..];
            // A panic's message stands above its long backtrace.
            let panics = lines.iter().enumerate();
            let panics = panics.filter(|(_, line)| line.contains("panicked at"));
            let panics: Vec<String> = panics
                .map(|(at, _)| lines[at..lines.len().min(at + 12)].join("\n"))
                .collect();
            eprintln!(
                "-- the server's log, last lines --\n{}\n-- its panics --\n{}\n--",
                tail.join("\n"),
                panics.join("\n")
            );
        } else {
            assert!(!log.contains("panicked at"), "the server panicked:\n{log}");
        }
    }
}
