//! An open WebSocket, as cheap as thousands of them have to be.
//!
//! tungstenite reads, answers pings and closes. Our own frames pass it by: a server's frame is its payload behind a few
//! bytes, the same for every viewer, so the one encoded payload is written to each connection as it is, without a copy
//! for each and without a buffer that stays as large as the largest snapshot.
//!
//! Deliberately absent: fragments and compression, which nobody asks for.

use std::io;

use axum::body::Bytes;
use bytes::Buf as _;
use engine::Frame;
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

/// The largest message a client may send; ours are tiny, so this is generous.
const MESSAGE_LIMIT: usize = 64 << 10;
/// What a client says fits into this; more is read in pieces.
const READ_BUFFER: usize = 512;
/// Pongs and goodbyes that may wait to be written; beyond it the socket is broken, not slow.
const WRITE_LIMIT: usize = 64 << 10;

/// A frame up to this length is put behind its head and written in one piece: a short copy costs less than handing two
/// pieces to the kernel.
const SHORT: usize = 2 << 10;

/// A socket on the server's side.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// An answer to a ping or a close waits in tungstenite.
    waiting: bool,
    /// A frame was begun and not ended: nothing else may be written any more.
    cut: bool,
}

impl Socket {
    /// Over a connection that was upgraded.
    ///
    /// # Errors
    /// When the connection is none of our own listener's.
    pub async fn over(upgraded: Upgraded) -> io::Result<Socket> {
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map_err(|_| io::Error::other("the connection is not a TCP stream"))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_LIMIT)
            .max_message_size(Some(MESSAGE_LIMIT))
            .max_frame_size(Some(MESSAGE_LIMIT));
        let stream = WebSocketStream::from_partially_read(
            parts.io.into_inner(),
            parts.read_buf.to_vec(),
            Role::Server,
            Some(config),
        )
        .await;
        Ok(Socket {
            stream,
            waiting: false,
            cut: false,
        })
    }

    /// Sends a frame. Not cancel-safe: after a cancelled call nothing can be sent.
    ///
    /// # Errors
    /// When the connection is broken or a frame was cut before.
    pub async fn send(&mut self, frame: &Frame) -> Result<(), Error> {
        let (kind, payload) = match frame {
            Frame::Text(payload) => (Data::Text, payload),
            Frame::Binary(payload) => (Data::Binary, payload),
        };
        if self.cut || self.waiting {
            self.flush().await?;
        }
        let head = Head::of(kind, payload.len())?;
        let stream = self.stream.get_mut();
        self.cut = true;
        let written = write_short(stream, head.bytes(), payload)?;
        let mut rest = head.bytes().chain(payload.clone());
        rest.advance(written);
        stream.write_all_buf(&mut rest).await?;
        self.cut = false;
        Ok(())
    }

    /// Asks whether the other end is there.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn ping(&mut self) -> Result<(), Error> {
        self.flush().await?;
        self.stream.send(Message::Ping(Bytes::new())).await
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        self.flush().await?;
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.stream.send(Message::Close(Some(frame))).await
    }

    /// The next message; `None` when the connection ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        let message = self.stream.next().await;
        self.waiting |= matches!(message, Some(Ok(Message::Ping(_) | Message::Close(_))));
        message
    }

    /// Writes what tungstenite has waiting.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        if self.cut {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        self.stream.flush().await?;
        self.waiting = false;
        Ok(())
    }
}

/// Writes a short frame as far as it goes without waiting; how many bytes went.
fn write_short(stream: &TcpStream, head: &[u8], payload: &[u8]) -> io::Result<usize> {
    if payload.len() > SHORT {
        return Ok(0);
    }
    let mut whole = [0; Head::MOST + SHORT];
    let (first, rest) = whole.split_at_mut(head.len());
    first.copy_from_slice(head);
    let (second, _) = rest.split_at_mut(payload.len());
    second.copy_from_slice(payload);
    match stream.try_write(&whole[..head.len() + payload.len()]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

/// What stands before a payload: RFC 6455 §5.2, a server masks nothing.
struct Head {
    bytes: [u8; Head::MOST],
    length: usize,
}

impl Head {
    /// Two bytes, and eight for the longest lengths.
    const MOST: usize = 10;

    fn of(kind: Data, payload: usize) -> Result<Head, Error> {
        let header = FrameHeader {
            opcode: OpCode::Data(kind),
            ..FrameHeader::default()
        };
        let mut bytes = [0; Head::MOST];
        let mut rest = bytes.as_mut_slice();
        header.format(payload as u64, &mut rest)?;
        let length = Head::MOST - rest.len();
        Ok(Head { bytes, length })
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_the_shortest_length() {
        for (length, expected) in [
            (5, vec![0x82, 5]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xff, 0xff]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            assert_eq!(Head::of(Data::Binary, length).unwrap().bytes(), expected);
        }
        assert_eq!(Head::of(Data::Text, 5).unwrap().bytes(), [0x81, 5]);
    }
}
