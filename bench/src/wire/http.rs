//! HTTP/1.1 over one kept connection: a request is a head and a body that somebody else has prepared.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No server of ours or of a peer may be silent for so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A kept connection.
pub struct Connection {
    stream: TcpStream,
    read: BytesMut,
    host: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, without chunk marks.
    pub body: Bytes,
}

impl Answer {
    /// The body, when the status is 2xx.
    pub fn good(self) -> Result<Bytes> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let text = String::from_utf8_lossy(&self.body).into_owned();
        bail!(
            "answered {}: {}",
            self.status,
            text.chars().take(300).collect::<String>()
        )
    }
}

impl Connection {
    /// Connects.
    pub async fn open(host: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(host)
            .await
            .with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            read: BytesMut::with_capacity(64 << 10),
            host,
        })
    }

    /// Sends ready bytes and waits for the answer.
    pub async fn exchange(&mut self, head: &[u8], body: &[u8]) -> Result<Answer> {
        let exchange = async {
            self.stream.write_all(head).await?;
            if !body.is_empty() {
                self.stream.write_all(body).await?;
            }
            self.answer().await
        };
        timeout(PATIENCE, exchange).await.context("no answer in time")?
    }

    /// Asks for a path.
    pub async fn get(&mut self, path: &str, headers: &str) -> Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.host);
        self.exchange(head.as_bytes(), b"").await
    }

    /// Sends a body.
    pub async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.exchange(head.as_bytes(), body).await
    }

    async fn answer(&mut self) -> Result<Answer> {
        let end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end;
            }
            self.more().await?;
        };
        let head = self.read.split_to(end + 4);
        let head = std::str::from_utf8(&head).context("the head is not text")?;
        let status: u16 = head
            .get(9..12)
            .and_then(|digits| digits.parse().ok())
            .context("no status")?;
        let body = match length(head) {
            _ if status == 204 || status == 304 => Bytes::new(),
            Length::Known(length) => self.take(length).await?,
            Length::Chunked => self.chunks().await?,
        };
        Ok(Answer { status, body })
    }

    async fn chunks(&mut self) -> Result<Bytes> {
        let mut body = BytesMut::new();
        loop {
            let end = loop {
                if let Some(end) = find(&self.read, b"\r\n") {
                    break end;
                }
                self.more().await?;
            };
            let line = self.read.split_to(end);
            let size = std::str::from_utf8(&line)?
                .split(';')
                .next()
                .unwrap_or_default()
                .trim();
            let size = usize::from_str_radix(size, 16).context("a chunk has no size")?;
            self.read.advance(2);
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body.freeze());
            }
            body.extend_from_slice(chunk.get(..size).unwrap_or_default());
        }
    }

    async fn take(&mut self, length: usize) -> Result<Bytes> {
        while self.read.len() < length {
            self.more().await?;
        }
        Ok(self.read.split_to(length).freeze())
    }

    async fn more(&mut self) -> Result<()> {
        self.read.reserve(16 << 10);
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("{} closed the connection", self.host);
        }
        Ok(())
    }
}

enum Length {
    Known(usize),
    Chunked,
}

fn length(head: &str) -> Length {
    for line in head.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            return Length::Known(value.trim().parse().unwrap_or_default());
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Length::Chunked;
        }
    }
    Length::Known(0)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Says `answers` to whoever comes, whatever is asked.
    async fn serving(answers: &'static str) -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connection, accepted) = tokio::join!(Connection::open(address), listener.accept());
        let mut stream = accepted.unwrap().0;
        stream.write_all(answers.as_bytes()).await.unwrap();
        (connection.unwrap(), stream)
    }

    #[tokio::test]
    async fn answers_follow_each_other() {
        let (mut connection, _peer) = serving(
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n\
             HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\n\r\n\
             HTTP/1.1 503 Later\r\nContent-Length: 4\r\n\r\nbusy",
        )
        .await;
        assert_eq!(connection.get("/", "").await.unwrap().good().unwrap(), "abc");
        assert_eq!(connection.get("/", "").await.unwrap().status, 204);
        assert_eq!(connection.get("/", "").await.unwrap().good().unwrap(), "hi!");
        let error = connection
            .get("/", "")
            .await
            .unwrap()
            .good()
            .unwrap_err()
            .to_string();
        assert!(error.contains("503") && error.contains("busy"), "{error}");
    }
}
