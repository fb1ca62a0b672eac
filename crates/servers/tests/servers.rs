//! The servers start, serve schemas apart from each other, and end with their process.
use cognobserve_servers::{PostgresServer, postgres};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn schemas_do_not_see_each_other_and_go_with_their_guards() {
    let (one, two) = (postgres().make_schema(), postgres().make_schema());
    one.execute("CREATE TABLE t AS SELECT 7 AS n");
    assert_eq!(one.read("SELECT n FROM t"), ["7"]);
    assert_eq!(two.read("SELECT to_regclass('t')"), [""]);
    let query = format!(
        "SELECT count(*) FROM pg_namespace WHERE nspname = '{}'",
        one.name()
    );
    assert_eq!(two.read(&query), ["1"]);
    drop(one);
    assert_eq!(two.read(&query), ["0"]);
}

#[tokio::test]
async fn a_schema_may_be_made_and_dropped_within_a_runtime() {
    let schema = postgres().make_schema();
    assert_eq!(schema.read("SELECT current_schema()"), [schema.name()]);
}

#[test]
fn a_server_of_one_s_own_ends_when_dropped() {
    let server = PostgresServer::start(&["work_mem=5MB"], &[]);
    let schema = server.make_schema();
    assert_eq!(schema.read("SHOW work_mem"), ["5MB"]);
    drop(schema);
    let place = find_place(server.url());
    drop(server);
    assert!(TcpStream::connect(place).is_err());
}

#[test]
fn a_killed_server_comes_back_with_what_it_kept() {
    let mut server = PostgresServer::start(&["fsync=on", "synchronous_commit=on"], &[]);
    let schema = server.make_schema();
    schema.execute("CREATE TABLE t AS SELECT 7 AS n");
    server.kill();
    assert!(TcpStream::connect(find_place(server.url())).is_err());
    server.restart();
    assert_eq!(schema.read("SELECT n FROM t"), ["7"]);
}

/// `host:port` in a URL.
fn find_place(url: &str) -> String {
    let after = url.rsplit(['@', '/']).find(|part| part.contains(':'));
    after.expect("a port").to_owned()
}

#[test]
fn servers_end_even_if_their_process_is_killed() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_cognobserve-test-servers"))
        .env_remove("COGNOBSERVE_TEST_POSTGRES")
        .env_remove("COGNOBSERVE_TEST_REDIS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let out = BufReader::new(process.stdout.take().expect("stdout"));
    let lines: Vec<String> = out
        .lines()
        .take(2)
        .map(|line| line.expect("text"))
        .collect();
    let url = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name));
        find_place(found.expect("the line"))
    };
    let places = [
        url("COGNOBSERVE_TEST_POSTGRES="),
        url("COGNOBSERVE_TEST_REDIS="),
    ];
    let mut redis = TcpStream::connect(&places[1]).expect("redis");
    redis.write_all(b"PING\r\n").expect("sent");
    let mut answer = [0; 5];
    redis.read_exact(&mut answer).expect("answered");
    assert_eq!(&answer, b"+PONG");
    process.kill().expect("killed");
    process.wait().expect("ended");
    let started = Instant::now();
    while places.iter().any(|place| TcpStream::connect(place).is_ok()) {
        assert!(started.elapsed() < Duration::from_secs(30), "still serving");
        std::thread::sleep(Duration::from_millis(20));
    }
}
