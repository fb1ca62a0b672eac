//! The `cognobserve` command: parse, run, exit code.
//! Invariant: exit 0 only on success. What a command does is in `cmd/`, how parts are joined in `assemble`.
#![forbid(unsafe_code)]

mod assemble;
mod cmd;
mod telemetry;

use clap::Parser;
use std::process::ExitCode;

/// Measured on an import of 74,000 spans: a fifth less time than with the system's allocator,
/// for 30 to 50 MiB more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cmd::run(cmd::Cli::parse()) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {}", describe(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes; what a cause only repeats is left out.
fn describe(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text += &format!(": {cause}");
        }
    }
    text
}

/// Whoever read the output has gone (`… | head`): nobody is left to be told.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes
        .into_iter()
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
