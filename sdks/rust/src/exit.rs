//! The end of a program that has not shut down: `process::exit`, or `main` that returns without having kept a client.
//!
//! Rust runs nothing of ours there, save the destructors of the main thread's locals: with glibc they run while all
//! other threads still do, also in `process::exit` when the main thread calls it.

use crate::clients;
use crate::say::harmless;

struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        // A panic in here would abort the process.
        harmless("the end of the program", clients::shut_down_at_exit);
    }
}

thread_local! {
    static LAST: Last = const { Last };
}

/// On the main thread: sends what waits when it ends.
pub(crate) fn watch() {
    if cfg!(all(target_os = "linux", target_env = "gnu"))
        && std::thread::current().name() == Some("main")
    {
        let _ = LAST.try_with(|_| ());
    }
}
