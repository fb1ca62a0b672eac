//! A server process that ends when this one does, and may be killed and started again before.
//!
//! A watching shell holds the other end of a pipe: at its end, which even a killed process
//! brings about, the shell stops the server and removes its directory.
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `$1` is the signal that ends the server, `$2` its directory, the rest its command line.
/// A server that a test has stopped must go on in order to end.
const WATCH: &str = r#"
signal=$1; dir=$2; shift 2
"$@" >"$dir/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill "-$signal" "$server" 2>/dev/null
kill -CONT "$server" 2>/dev/null
wait "$server"
rm -rf "$dir"
"#;

/// Long enough for a busy machine; a server that cannot start says so at once.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Stops the server when dropped.
struct Watched(Child);

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// How a server of one's own is started, as often as it is.
pub(crate) struct Start {
    pub(crate) command: Vec<String>,
    /// Put before the watching shell, to run it as another user.
    pub(crate) as_user: Vec<String>,
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
    /// Ends the server in order.
    pub(crate) signal: &'static str,
    /// Words in the log by which it is ready.
    pub(crate) ready: &'static str,
    /// Whether a line of the log says that it cannot be.
    pub(crate) is_failure: fn(&str) -> bool,
    /// Within the directory; its first line is the process.
    pub(crate) pid_file: &'static str,
}

impl Start {
    /// Runs the server, first among the watched; an error is the server's log.
    fn run(&self, watched: &mut Vec<Watched>) -> Result<(), String> {
        // What an earlier server said must not be taken for this one's word.
        let log_path = self.dir.join("log");
        let _ = std::fs::remove_file(&log_path);
        let mut words = self.as_user.clone();
        words.extend(["sh", "-c", WATCH, "sh", self.signal].map(str::to_owned));
        let mut shell = Command::new(&words[0]);
        shell.args(&words[1..]).arg(&self.dir).args(&self.command);
        shell.stdin(Stdio::piped()).stdout(Stdio::null());
        shell.stderr(Stdio::null());
        // Of its own group, so that an interrupt from the terminal leaves it to clean up.
        let spawned = shell.process_group(0).spawn();
        let spawned = spawned.map_err(|error| format!("sh does not run: {error}"))?;
        watched.insert(0, Watched(spawned));
        let started = Instant::now();
        loop {
            let log = std::fs::read_to_string(&log_path).unwrap_or_default();
            if log.contains(self.ready) {
                return Ok(());
            }
            if log.lines().any(self.is_failure) || started.elapsed() > PATIENCE {
                return Err(format!("{} does not start:\n{log}", self.command.join(" ")));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// What only such a server can be asked.
pub(crate) const OWN: &str = "a server of one's own";

/// A server of one's own: it ends when this is dropped.
pub(crate) struct Own {
    start: Start,
    /// The latest first, failed ones included: the end of one removes the directory.
    watched: Vec<Watched>,
}

impl Own {
    pub(crate) fn start(start: Start) -> Result<Own, String> {
        let mut watched = Vec::new();
        start.run(&mut watched)?;
        Ok(Own { start, watched })
    }

    /// Sends a signal (`KILL`, `STOP`, `CONT`).
    ///
    /// # Panics
    /// If the server is gone.
    pub(crate) fn signal(&self, signal: &str) {
        let file = self.start.dir.join(self.start.pid_file);
        let sent = std::fs::read_to_string(file)
            .map_err(|error| error.to_string())
            // The shell's own: a small machine has no program of that name.
            .and_then(|text| {
                let pid = text.lines().next().unwrap_or_default().trim();
                run(&["sh", "-c", "kill -s $0 $1", signal, pid].map(str::to_owned))
            });
        if let Err(error) = sent {
            panic!("no signal {signal}: {error}");
        }
    }

    /// Ends the server at once, as when the power fails, and waits until it is gone.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.start.port)).is_ok() {
            assert!(began.elapsed() < PATIENCE, "still serving");
            std::thread::sleep(PAUSE);
        }
    }

    /// Starts it again where it was, with what it kept. What is left of the killed one may
    /// stand in its way for a moment.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) fn restart(&mut self) {
        let began = Instant::now();
        loop {
            match self.start.run(&mut self.watched) {
                Ok(()) => return,
                Err(error) if began.elapsed() > PATIENCE => panic!("{error}"),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}

/// A port of the loopback that nobody has at the moment.
pub(crate) fn find_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A directory that outlives this process until its watcher removes it.
pub(crate) fn make_dir() -> io::Result<PathBuf> {
    let dir = tempfile::Builder::new()
        .prefix("cognobserve-test-")
        .tempdir()?;
    Ok(dir.keep())
}

/// Runs a command to its end; its output is the error.
pub(crate) fn run(command: &[String]) -> Result<String, String> {
    let [program, args @ ..] = command else {
        return Err("no command".into());
    };
    let ran = Command::new(program).args(args).output();
    let output = ran.map_err(|error| format!("{program}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}:\n{text}{complaint}", command.join(" ")))
}
