//! The `cognobserve` command as a user of the shell sees it: arguments in, text and exit code out.
use super::wait::wait_until;
use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// The binary under test: the one that `make` has just built, else the one beside the test.
pub fn find_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("COGNOBSERVE_TEST_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test has a path");
    let beside = test
        .parent()
        .and_then(Path::parent)
        .expect("target/PROFILE/deps/TEST")
        .join("cognobserve");
    assert!(
        beside.exists(),
        "{} is missing: run `cargo build --workspace --bins`",
        beside.display()
    );
    beside
}

/// A command without any setting of the outer environment.
pub fn prepare_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COGNOBSERVE_")
            || name.to_string_lossy().starts_with("OTEL_")
        {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a finished command left.
#[derive(Debug)]
pub struct Printed {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Printed {
    #[track_caller]
    pub fn expect_success(self) -> Printed {
        assert_eq!(self.code, Some(0), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn expect_failure(self) -> Printed {
        assert!(
            self.code.is_some_and(|code| code != 0),
            "it succeeded: {}\nerr: {}",
            self.out,
            self.err
        );
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}\nerr: {}", self.out, self.err))
    }
}

const LONGEST_COMMAND: Duration = Duration::from_secs(120);

fn read_beside(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs `cognobserve ARGS` on a data directory, in it, with `input` on standard input.
pub fn run_command(
    data_dir: &Path,
    args: &[&str],
    settings: &[(&str, &str)],
    input: &[u8],
) -> Printed {
    let mut command = prepare_command(&find_binary());
    command
        .args(args)
        .env("COGNOBSERVE_DATA_DIR", data_dir)
        .envs(settings.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // Written beside the reading, or both sides could wait for a full pipe.
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let out = read_beside(child.stdout.take().expect("piped"));
    let err = read_beside(child.stderr.take().expect("piped"));
    let ended = wait_until(LONGEST_COMMAND, || {
        child.try_wait().expect("it can be asked")
    });
    if ended.is_none() {
        child.kill().ok();
        child.wait().ok();
    }
    writer.join().expect("the writer ends");
    let (out, err) = (
        out.join().expect("the reader ends"),
        err.join().expect("the reader ends"),
    );
    let Some(status) = ended else {
        panic!("{args:?} does not end:\n{out}\n{err}")
    };
    Printed {
        code: status.code(),
        out,
        err,
    }
}
