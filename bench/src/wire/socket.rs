//! A WebSocket client for thousands of viewers in one thread: unmasked frames in, tiny masked ones out, pings answered.
//! Not a library's: those copy and check what a generator may leave alone, and that would be measured too.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// An open socket.
pub struct Socket {
    stream: TcpStream,
    read: BytesMut,
}

impl Socket {
    /// Connects from one of this machine's own addresses (the whole of 127.0.0.0/8 is this machine), with these headers
    /// besides those of the handshake.
    pub async fn open(host: SocketAddr, from: Ipv4Addr, path: &str, headers: &str) -> Result<Socket> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let stream = socket
            .connect(host)
            .await
            .with_context(|| format!("cannot connect to {host} from {from}"))?;
        stream.set_nodelay(true)?;
        let mut socket = Socket {
            stream,
            read: BytesMut::new(),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\
             {headers}\r\n"
        );
        socket.stream.write_all(request.as_bytes()).await?;
        let end = loop {
            if let Some(end) = socket.read.windows(4).position(|part| part == b"\r\n\r\n") {
                break end;
            }
            socket.more().await?;
        };
        let head = socket.read.split_to(end + 4);
        if !head.starts_with(b"HTTP/1.1 101") {
            bail!("no socket: {}", String::from_utf8_lossy(&head));
        }
        Ok(socket)
    }

    /// Sends bytes as one message.
    pub async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.frame(BINARY, message).await
    }

    /// The next message.
    pub async fn next(&mut self) -> Result<Bytes> {
        loop {
            let (kind, payload) = self.receive().await?;
            match kind {
                TEXT | BINARY => return Ok(payload),
                PING => self.frame(PONG, &payload).await?,
                PONG => {}
                CLOSE => bail!(
                    "the server closed the socket: {}",
                    String::from_utf8_lossy(payload.get(2..).unwrap_or_default())
                ),
                other => bail!("a frame of kind {other}: messages in pieces are not understood here"),
            }
        }
    }

    async fn receive(&mut self) -> Result<(u8, Bytes)> {
        loop {
            if let Some((kind, head, length)) = header(&self.read) {
                while self.read.len() < head + length {
                    self.read.reserve(head + length - self.read.len());
                    self.more().await?;
                }
                let mut frame = self.read.split_to(head + length);
                return Ok((kind, frame.split_off(head).freeze()));
            }
            self.more().await?;
        }
    }

    async fn frame(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        // Masked with zeros: what a client sends must be masked, and nobody in between is to be protected.
        let mut frame = vec![0x80 | kind];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => bail!("{length} bytes are too many for one message here"),
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await?;
        Ok(())
    }

    async fn more(&mut self) -> Result<()> {
        self.read.reserve(2_048);
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server ended the connection");
        }
        Ok(())
    }
}

/// Kind, length of the header, length of what follows; `None` when more bytes are needed. A frame that is not the last of
/// its message counts as kind 0.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let first = *bytes.first()?;
    let kind = if first & 0x80 == 0 { 0 } else { first & 0x0f };
    match *bytes.get(1)? & 0x7f {
        126 => {
            let length = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
            Some((kind, 4, usize::from(length)))
        }
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            Some((kind, 10, usize::try_from(length).ok()?))
        }
        length => Some((kind, 2, usize::from(length))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_lengths() {
        assert_eq!(header(&[0x81, 5]), Some((TEXT, 2, 5)));
        assert_eq!(header(&[0x82, 126, 1, 0]), Some((BINARY, 4, 256)));
        assert_eq!(
            header(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            Some((BINARY, 10, 65_536))
        );
        assert_eq!(header(&[0x01, 5]), Some((0, 2, 5)));
        assert_eq!(header(&[0x82, 126, 1]), None);
        assert_eq!(header(&[0x82]), None);
    }
}
