//! What every story needs: a real server process, a plain HTTP client, made-up traces.
//! Each server has its own port and directory, so that stories run side by side.
//! Nothing here knows how the server is made inside.
pub mod announced;
pub mod books;
pub mod cable;
pub mod client;
pub mod command;
pub mod grpc;
pub mod openapi;
pub mod outlet;
pub mod person;
pub mod profile;
pub mod sample;
pub mod scan;
pub mod server;
pub mod wait;

pub use client::{Answer, Client};
pub use command::run_command;
pub use server::{Server, Setup};

/// Whether the long versions are asked for (`make soak`).
pub fn is_soak() -> bool {
    std::env::var("COGNOBSERVE_TEST_SIZE").is_ok_and(|size| size == "soak")
}

/// The size of a story: the usual one, or that of a soak.
pub fn sized(usual: usize, soak: usize) -> usize {
    if is_soak() { soak } else { usual }
}
