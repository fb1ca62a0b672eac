//! The server as a process: started, watched from outside, stopped, killed.
use crate::http::{Connection, Request};
use anyhow::{Context, bail};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Who looks at the pages.
pub const ADMIN_EMAIL: &str = "bench@example.com";
pub const ADMIN_PASSWORD: &str = "only-for-the-bench";

const LONGEST_START: Duration = Duration::from_secs(300);

pub struct Server {
    child: std::process::Child,
    binary: PathBuf,
    dir: PathBuf,
    key: String,
    port: u16,
    settings: Settings,
}

type Settings = Vec<(&'static str, String)>;

impl Server {
    /// On an empty directory, ready when this answers.
    pub async fn start(binary: &Path, dir: &Path) -> anyhow::Result<Server> {
        Server::start_with(binary, dir, &[]).await
    }

    /// With more settings in its environment.
    pub async fn start_with(
        binary: &Path,
        dir: &Path,
        settings: &[(&'static str, &str)],
    ) -> anyhow::Result<Server> {
        if !binary.exists() {
            bail!("{} is missing: `make bench` builds it", binary.display());
        }
        std::fs::create_dir_all(dir)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let key = format!(
            "co_sk_{}",
            "Bench7".repeat(8).get(..43).context("43 letters")?
        );
        let settings: Settings = settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let child = spawn(binary, dir, port, &key, &settings)?;
        let mut server = Server {
            child,
            binary: binary.to_owned(),
            dir: dir.to_owned(),
            key,
            port,
            settings,
        };
        server.wait_ready().await?;
        Ok(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    async fn wait_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < LONGEST_START {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "the server ended: {status}; see {}",
                    self.dir.join("log").display()
                );
            }
            if self
                .get("/readyz")
                .await
                .is_ok_and(|reply| reply.status == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("the server does not become ready")
    }

    /// How long it takes until it is ready again, on the same data.
    pub async fn start_again(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.child = spawn(
            &self.binary,
            &self.dir,
            self.port,
            &self.key,
            &self.settings,
        )?;
        self.wait_ready().await?;
        Ok(began.elapsed())
    }

    /// SIGTERM, and waits.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        std::process::Command::new("sh")
            .args(["-c", "kill -TERM $0", &id])
            .status()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<crate::http::Reply> {
        let mut request = Request::new("GET", path, &self.key);
        request.begin();
        Connection::open(self.port)
            .await?
            .send(request.finish())
            .await
    }

    /// Spans that the books hold.
    pub async fn count_spans(&self) -> anyhow::Result<u64> {
        let reply = self.get("/v1/costs?groupBy=day&limit=1").await?;
        let text = String::from_utf8(reply.body)?;
        let total = text
            .split("\"total\":")
            .nth(1)
            .with_context(|| format!("no total: {text}"))?;
        let number = total.split("\"spanCount\":").nth(1).context("no count")?;
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        Ok(digits.parse()?)
    }

    pub fn read_memory_mb(&self) -> u64 {
        read_status_mb(self.child.id(), "VmRSS:")
    }

    pub fn read_peak_memory_mb(&self) -> u64 {
        read_status_mb(self.child.id(), "VmHWM:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(
    binary: &Path,
    dir: &Path,
    port: u16,
    key: &str,
    settings: &Settings,
) -> anyhow::Result<std::process::Child> {
    let log = std::fs::File::create(dir.join("log"))?;
    let child = std::process::Command::new(binary)
        .arg("serve")
        .env("COGNOBSERVE_LISTEN", format!("127.0.0.1:{port}"))
        .env("COGNOBSERVE_DATA_DIR", dir.join("data"))
        .env("COGNOBSERVE_INIT_API_KEY", key)
        .env("COGNOBSERVE_INIT_ADMIN_EMAIL", ADMIN_EMAIL)
        .env("COGNOBSERVE_INIT_ADMIN_PASSWORD", ADMIN_PASSWORD)
        .envs(settings.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(child)
}

fn read_status_mb(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

/// Processor time that this process has used.
pub fn read_own_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|number| number.parse::<u64>().ok())
        .sum();
    // Linux counts them in hundredths of a second for every program.
    Duration::from_millis(ticks * 10)
}

/// Bytes of all files below a directory's data.
pub fn measure_dir(dir: &Path) -> u64 {
    let mut bytes = 0;
    let mut open = vec![dir.join("data")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => bytes += metadata.len(),
                Err(_) => {}
            }
        }
    }
    bytes
}

/// What it was measured on.
pub fn describe_machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = read("/proc/cpuinfo").lines().find_map(|line| {
        line.strip_prefix("model name")
            .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
    });
    let memory = read("/proc/meminfo")
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or(0);
    format!(
        "{cores} cores ({}), {} GB of memory, Linux {}",
        model.unwrap_or_default(),
        memory / 1_000_000,
        read("/proc/sys/kernel/osrelease").trim()
    )
}
