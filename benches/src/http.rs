//! As little HTTP/1.1 as a load needs: one connection kept alive, one request at a time.
//! It reads what has a length and nothing else; it costs little beside the server.
use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Digits kept free for the length in a request's head.
const LENGTH_DIGITS: usize = 9;

/// A request that is written in place: head first, its length filled in last.
pub struct Request {
    head: Vec<u8>,
    buffer: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, path: &str, key: &str) -> Request {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            "0".repeat(LENGTH_DIGITS)
        );
        Request {
            head: head.into_bytes(),
            buffer: Vec::new(),
        }
    }

    /// Starts anew; the body is to be appended to what this answers.
    pub fn begin(&mut self) -> &mut Vec<u8> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.head);
        &mut self.buffer
    }

    /// The whole request.
    pub fn finish(&mut self) -> &[u8] {
        let length = format!("{:0LENGTH_DIGITS$}", self.buffer.len() - self.head.len());
        let end = self.head.len() - 4;
        self.buffer[end - LENGTH_DIGITS..end].copy_from_slice(length.as_bytes());
        &self.buffer
    }
}

/// What came back.
pub struct Reply {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(port: u16) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            read: Vec::with_capacity(1 << 16),
        })
    }

    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let (status, from, length) = loop {
            if let Some(head) = read_head(&self.read)? {
                break head;
            }
            self.fill().await?;
        };
        while self.read.len() < from + length {
            self.fill().await?;
        }
        Ok(Reply {
            status,
            head: String::from_utf8_lossy(&self.read[..from]).into_owned(),
            body: self.read[from..from + length].to_vec(),
        })
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server hung up");
        }
        Ok(())
    }
}

/// Status, where the body starts and its length; `None` until the head is whole.
fn read_head(bytes: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end])?;
    let status = head.get(9..12).context("no status")?.parse()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?;
    Ok(Some((status, end + 4, length.1.trim().parse()?)))
}
