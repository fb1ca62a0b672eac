//! A server process that ends when this one does.
//!
//! A watching shell holds the other end of a pipe: at its end, which even a killed process
//! brings about, the shell stops the server and removes its directory.
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
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

/// Stops the server when dropped.
pub(crate) struct Watched(Child);

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

pub(crate) struct Start<'a> {
    pub(crate) command: Vec<String>,
    /// Put before the watching shell, to run it as another user.
    pub(crate) as_user: Vec<String>,
    pub(crate) dir: &'a Path,
    pub(crate) signal: &'a str,
    /// Words in the log by which it is ready, or cannot be.
    pub(crate) ready: &'a str,
    pub(crate) failed: &'a str,
}

impl Start<'_> {
    /// Runs the server until the answer is dropped; an error is the server's log.
    pub(crate) fn run(self) -> Result<Watched, String> {
        let mut words = self.as_user.clone();
        words.extend(["sh", "-c", WATCH, "sh", self.signal].map(str::to_owned));
        let mut shell = Command::new(&words[0]);
        shell.args(&words[1..]).arg(self.dir).args(&self.command);
        shell.stdin(Stdio::piped()).stdout(Stdio::null());
        shell.stderr(Stdio::null());
        // Of its own group, so that an interrupt from the terminal leaves it to clean up.
        let spawned = shell.process_group(0).spawn();
        let watched = Watched(spawned.map_err(|error| format!("sh does not run: {error}"))?);
        let started = Instant::now();
        loop {
            let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            if log.contains(self.ready) {
                return Ok(watched);
            }
            if log.contains(self.failed) || started.elapsed() > PATIENCE {
                return Err(format!("{} does not start:\n{log}", self.command.join(" ")));
            }
            std::thread::sleep(Duration::from_millis(10));
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
