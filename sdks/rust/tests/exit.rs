//! How a program ends without a shutdown: what waits is sent all the same, or said to be lost.
//!
//! A program of its own, since what is tested is the end of `main`; it starts itself for each way to end.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod support;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("end") => ways::end(&arguments[2], &arguments[3]),
        // Who asks for single tests, or for their names, means others.
        Some(asked) if !asked.starts_with('-') || asked == "--list" => {}
        _ => ways::test_all(),
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() {}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod ways {
    use std::process::{Command, Output, exit};
    use std::time::Duration;

    use cognobserve_sdk::{Config, Observe, init, observe_sync};

    use crate::support::receiver::{Receiver, Reply};

    const LOST: &str =
        "cognobserve: warning: 1 spans could not be sent before the end of the program\n";

    fn call() {
        observe_sync(Observe::new("last"), || ());
    }

    pub fn end(way: &str, url: &str) {
        let config =
            Config::new()
                .api_key("k")
                .endpoint(url)
                .shutdown_timeout(Duration::from_millis(if way.contains("hangs") {
                    100
                } else {
                    20_000
                }));
        if way == "told by the environment" {
            return call();
        }
        let client = init(config);
        call();
        match way {
            "exit" | "exit, server hangs" => exit(3),
            "never dropped" => std::mem::forget(client),
            "panic" => panic!("on purpose"),
            "drop" | "drop, server hangs" => {}
            other => unreachable!("{other}"),
        }
    }

    fn run(way: &str, url: &str) -> Output {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["end", way, url]);
        command
            .env("COGNOBSERVE_API_KEY", "k")
            .env("COGNOBSERVE_ENDPOINT", url);
        command.output().unwrap()
    }

    pub fn test_all() {
        for (way, code) in [
            ("exit", 3),
            ("never dropped", 0),
            ("told by the environment", 0),
            ("drop", 0),
            ("panic", 101),
        ] {
            let server = Receiver::start(0);
            let output = run(way, &server.url());
            assert_eq!(output.status.code(), Some(code), "{way}: {output:?}");
            assert_eq!(server.spans().len(), 1, "{way}: {output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!said.contains("cognobserve: warning"), "{way}: {said}");
        }
        for (way, code) in [("exit, server hangs", 3), ("drop, server hangs", 0)] {
            let server = Receiver::start(0);
            server.always(Reply::Hang);
            let output = run(way, &server.url());
            assert_eq!(output.status.code(), Some(code), "{way}: {output:?}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(
                said == LOST || said.contains("spans are dropped"),
                "{way}: {said}"
            );
        }
    }
}
