//! The `cognobserve` command as a user of the shell sees it: arguments in, text and exit code out.
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary under test: the one that `make` has just built, else the one beside the test.
pub fn find_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("COGNOBSERVE_TEST_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test has a path");
    let beside = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST").join("cognobserve");
    assert!(beside.exists(), "{} is missing: run `cargo build --workspace --bins`", beside.display());
    beside
}

/// A command without any setting of the outer environment.
pub fn prepare_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COGNOBSERVE_") || name.to_string_lossy().starts_with("OTEL_") {
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
        assert!(self.code.is_some_and(|code| code != 0), "it succeeded: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {}\nerr: {}", self.out, self.err))
    }
}

/// Runs `cognobserve ARGS` on a data directory, in it, with `input` on standard input.
pub fn run_command(data_dir: &Path, args: &[&str], settings: &[(&str, &str)], input: &[u8]) -> Printed {
    use std::io::Write;
    let mut command = prepare_command(&find_binary());
    command.args(args).env("COGNOBSERVE_DATA_DIR", data_dir).envs(settings.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // Written beside the reading, or both sides could wait for a full pipe.
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("the writer ends");
    Printed {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
