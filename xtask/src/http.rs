//! The little HTTP that build tasks need: one request to our own server on loopback, one answer, connection closed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

/// An answer.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// As sent, without chunk marks.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends one request to `address` (`127.0.0.1:3000`).
pub fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
}

/// Whether the server says it is ready.
pub fn ready(address: &str) -> bool {
    request(address, "GET", "/readyz", &[], b"").is_ok_and(|answer| answer.status == 200)
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let split = find(bytes, b"\r\n\r\n").ok_or_else(|| anyhow!("the answer has no end of headers"))?;
    let head = String::from_utf8_lossy(bytes.get(..split).unwrap_or_default()).into_owned();
    let rest = bytes.get(split + 4..).unwrap_or_default();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status: status.ok_or_else(|| anyhow!("no status line"))?,
        headers,
        body: Vec::new(),
    };
    answer.body = match answer.header("transfer-encoding") {
        Some(encoding) if encoding.contains("chunked") => dechunk(rest)?,
        _ => rest.to_vec(),
    };
    Ok(answer)
}

fn dechunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = find(rest, b"\r\n") else {
            bail!("a chunk has no size")
        };
        let (size, after) = rest.split_at(end);
        let size = usize::from_str_radix(
            std::str::from_utf8(size)?.split(';').next().unwrap_or("").trim(),
            16,
        )?;
        if size == 0 {
            return Ok(body);
        }
        let after = after.get(2..).unwrap_or_default();
        body.extend_from_slice(after.get(..size).ok_or_else(|| anyhow!("a chunk is cut off"))?);
        rest = after.get(size + 2..).unwrap_or_default();
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        let answer = parse(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, b"abcde".as_slice())
        );
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
