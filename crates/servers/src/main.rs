//! Starts the servers once for many test processes: prints what to put in their environment,
//! and serves until its standard input ends.
#![forbid(unsafe_code)]

use cognobserve_servers::{POSTGRES_VARIABLE, REDIS_VARIABLE, postgres, redis};
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{POSTGRES_VARIABLE}={}", postgres().url())?;
    writeln!(out, "{REDIS_VARIABLE}={}", redis().url())?;
    out.flush()?;
    let mut ignored = Vec::new();
    std::io::stdin().read_to_end(&mut ignored).map(drop)
}
