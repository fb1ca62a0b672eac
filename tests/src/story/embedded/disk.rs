//! A disk that fills up, that cannot be written, that fails for a while: nothing
//! acknowledged is lost, the answer is 503, and it goes on by itself when there is room.
use crate::harness::books::{Books, write_usd};
use crate::harness::sample::now_ms;
use crate::harness::wait::wait_until;
use crate::harness::{Client, Server, Setup};
use rand::Rng;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A file system of a few megabytes; gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where mounting is not permitted.
    fn mount(megabytes: u32) -> Option<SmallDisk> {
        let dir = TempDir::new().expect("a temporary directory");
        let size = format!("size={megabytes}m");
        run(
            "mount",
            &["-t", "tmpfs", "-o", &size, "tmpfs", dir.path().to_str()?],
        )
        .then_some(SmallDisk(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(
            run(
                "mount",
                &["-o", &options, self.path().to_str().expect("a plain path")]
            ),
            "{options}"
        );
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", self.path().to_str().unwrap_or_default()]);
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Sends traces that cannot be compressed; what is acknowledged is entered in the books.
struct Filler {
    client: Client,
    books: Books,
    count: usize,
    pending: Option<(String, i128)>,
}

impl Filler {
    fn new(client: Client) -> Filler {
        Filler {
            client,
            books: Books::default(),
            count: 0,
            pending: None,
        }
    }

    /// One trace of about `bytes`; the one that was refused last time is sent again first.
    fn send(&mut self, bytes: usize) -> crate::harness::Answer {
        let (body, nanos) = self.pending.take().unwrap_or_else(|| self.make(bytes));
        let answer = self.client.send(
            "POST",
            "/v1/traces",
            &[("content-type", "application/json")],
            body.as_bytes(),
        );
        if answer.status == 202 {
            self.books.enter("filler", 1, 3, nanos, 0);
        } else {
            self.pending = Some((body, nanos));
        }
        answer
    }

    fn make(&mut self, bytes: usize) -> (String, i128) {
        let mut random = rand::rng();
        self.count += 1;
        let noise: String = (0..bytes)
            .map(|_| char::from(random.random_range(b'0'..=b'z')).to_ascii_lowercase())
            .filter(|c| *c != '\\')
            .collect();
        let nanos = random.random_range(0..1_000_000_i128);
        let at = now_ms() - 60_000;
        let span = json!({"span_id": "s", "name": "s", "start_time": at, "end_time": at + 1, "input": noise, "usage": {"prompt_tokens": 3}, "cost": {"total": write_usd(nanos)}});
        let body: Value = json!({"trace_id": format!("t-{}", self.count), "name": "n", "user_id": "filler", "spans": [span]});
        (body.to_string(), nanos)
    }
}

/// Fails unless writing is refused in the way that exporters try again after.
#[track_caller]
fn expect_refusal(filler: &mut Filler, bytes: usize) {
    let refused = (0..4000).find_map(|_| {
        let answer = filler.send(bytes);
        (answer.status != 202).then_some(answer)
    });
    let answer = refused.expect("the disk never fills").expect(503);
    assert!(
        answer.header("retry-after").parse::<u32>().is_ok(),
        "{:?}",
        answer.headers
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let ready = filler.client.get("/readyz");
    assert_eq!(ready.status, 503, "{}", ready.text());
    assert!(!ready.body.is_empty(), "it says why");
    filler.client.get("/healthz").expect(200);
    // Reading goes on.
    filler.client.get("/v1/users").expect(200);
    filler.books.expect_equal(&Books::read(&filler.client));
}

/// Fails unless writing works again soon, without a restart.
#[track_caller]
fn expect_recovery(filler: &mut Filler) {
    let mut last = None;
    let again = wait_until(Duration::from_secs(30), || {
        let answer = filler.send(100);
        let taken = answer.status == 202;
        last = Some(answer);
        taken.then_some(())
    });
    assert!(again.is_some(), "it does not recover: {last:?}");
    let ready = wait_until(Duration::from_secs(30), || {
        (filler.client.get("/readyz").status == 200).then_some(())
    });
    assert!(ready.is_some(), "{}", filler.client.get("/readyz").text());
    filler.books.expect_equal(&Books::read(&filler.client));
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    // Where mounting is not permitted, the limit on the size of files stands in.
    let Some(disk) = SmallDisk::mount(48) else {
        return refuse_by_file_size(40);
    };
    let data_dir: PathBuf = disk.path().join("data");
    let mut server = Setup::new().data_dir(&data_dir).start();
    let mut filler = Filler::new(server.client());
    for _ in 0..20 {
        filler.send(20_000).expect(202);
    }
    expect_refusal(&mut filler, 200_000);
    disk.remount("size=64m");
    expect_recovery(&mut filler);
    expect_refusal(&mut filler, 200_000);
    // The plug is pulled while the disk is full.
    server.kill();
    disk.remount("size=96m");
    server.start_again();
    filler.client = server.client();
    filler.books.expect_equal(&Books::read(&server.client()));
    expect_recovery(&mut filler);
    server.run(&["verify"]).expect_success();
}

/// Fills up to a limit that holds for each file of the process.
fn refuse_by_file_size(megabytes: u32) {
    let script = format!(
        "trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"",
        megabytes * 1024
    );
    let server = Setup::new().through_shell(&script).start();
    let mut filler = Filler::new(server.client());
    expect_refusal(&mut filler, 200_000);
    limit_file_size(server.process_id(), "unlimited");
    expect_recovery(&mut filler);
    server.run(&["verify"]).expect_success();
}

/// A server that lives on when it may not write.
pub fn start_unstoppable() -> Server {
    Setup::new()
        .through_shell("trap '' XFSZ; exec \"$0\" \"$@\"")
        .start()
}

/// From now on every write to a file fails, or none does.
pub fn let_writes_fail(server: &Server, fails: bool) {
    let limit = if fails { "0" } else { "unlimited" };
    limit_file_size(server.process_id(), limit);
}

fn limit_file_size(process: u32, limit: &str) {
    let soft = format!("--fsize={limit}:");
    assert!(
        run("prlimit", &["--pid", &process.to_string(), &soft]),
        "prlimit {soft}"
    );
}

#[test]
fn writes_that_fail_for_a_while_lose_nothing() {
    let server = start_unstoppable();
    let mut filler = Filler::new(server.client());
    for round in 0..5 {
        eprintln!("round {round}");
        for _ in 0..10 {
            filler.send(5_000).expect(202);
        }
        let_writes_fail(&server, true);
        expect_refusal(&mut filler, 5_000);
        let_writes_fail(&server, false);
        expect_recovery(&mut filler);
    }
    server.run(&["verify"]).expect_success();
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let Some(disk) = SmallDisk::mount(48) else {
        // Without mounting, a file in the place of the directory does.
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("data");
        std::fs::write(&path, b"").unwrap();
        return expect_no_start(&path);
    };
    let data_dir = disk.path().join("data");
    let mut server = Setup::new().data_dir(&data_dir).start();
    let mut filler = Filler::new(server.client());
    for _ in 0..10 {
        filler.send(1_000).expect(202);
    }
    assert!(server.stop().success());
    disk.remount("ro");
    server.spawn();
    let outcome = wait_until(Duration::from_secs(30), || {
        if let Ok(ready) = server.client().try_send("GET", "/readyz", &[], b"") {
            return Some(Some(ready));
        }
        (!Path::new(&format!("/proc/{}/exe", server.process_id())).exists()).then_some(None)
    });
    match outcome.expect("it starts or ends") {
        // Either it serves what can be read and refuses the rest …
        Some(ready) => {
            ready.expect(503);
            filler.client = server.client();
            expect_refusal(&mut filler, 100);
        }
        // … or it does not start, and says why.
        None => {
            assert!(!server.wait_end().success());
            let log = server.read_log();
            assert!(
                log.contains("read-only") || log.contains("readonly") || log.contains("Read-only"),
                "{log}"
            );
            disk.remount("rw");
            server.start_again();
            filler.client = server.client();
            return expect_recovery(&mut filler);
        }
    }
    disk.remount("rw");
    server.kill();
    server.start_again();
    filler.client = server.client();
    expect_recovery(&mut filler);
}

fn expect_no_start(data_dir: &Path) {
    let printed = crate::harness::run_command(
        data_dir,
        &["serve"],
        &[("COGNOBSERVE_LISTEN", "127.0.0.1:0")],
        b"",
    )
    .expect_failure();
    assert!(
        printed.err.contains(data_dir.to_str().unwrap()),
        "{}",
        printed.err
    );
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let server = Server::start();
    let printed = crate::harness::run_command(
        server.data_dir(),
        &["serve"],
        &[(
            "COGNOBSERVE_LISTEN",
            &format!("127.0.0.1:{}", crate::harness::server::find_port()),
        )],
        b"",
    )
    .expect_failure();
    assert!(!printed.err.is_empty());
    server.client().get("/readyz").expect(200);
}
