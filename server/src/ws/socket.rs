//! An open WebSocket, as cheap as thousands of them have to be.
//!
//! tungstenite reads, answers pings and closes. Our own frames pass it by: a server's frame is its payload behind a few
//! bytes, the same for every viewer, so the one encoded payload is written to each connection as it is, without a copy
//! for each and without a buffer that stays as large as the largest snapshot ([`super::line`]).

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use engine::{Direct, Frame};
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::line::Line;
use super::wire::Wire;

/// The largest message a client may send; ours are tiny, so this is generous.
const MESSAGE_LIMIT: usize = 64 << 10;
/// What a client says fits into this; more is read in pieces.
const READ_BUFFER: usize = 512;
/// Pongs and goodbyes that may wait to be written; beyond it the socket is broken, not slow.
const WRITE_LIMIT: usize = 64 << 10;

/// A socket on the server's side.
pub struct Socket {
    line: Line,
    /// What clients say, and what tungstenite says to them.
    stream: WebSocketStream<Line>,
}

impl Socket {
    /// Over a connection that was upgraded.
    ///
    /// # Errors
    /// When the connection is none of our own listener's.
    pub async fn over(upgraded: Upgraded) -> io::Result<Socket> {
        let (wire, read) = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (Wire::from(parts.io.into_inner()), parts.read_buf),
            Err(upgraded) => {
                let parts = upgraded
                    .downcast::<TokioIo<TlsStream<TcpStream>>>()
                    .map_err(|_| io::Error::other("the connection is none of our listener's"))?;
                (Wire::from(parts.io.into_inner()), parts.read_buf)
            }
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_LIMIT)
            .max_message_size(Some(MESSAGE_LIMIT))
            .max_frame_size(Some(MESSAGE_LIMIT));
        let line = Line::new(wire);
        let read = read.to_vec();
        let stream =
            WebSocketStream::from_partially_read(line.clone(), read, Role::Server, Some(config)).await;
        Ok(Socket { line, stream })
    }

    /// The connection, for who writes to it without waiting.
    pub fn direct(&self) -> Arc<dyn Direct> {
        self.line.direct()
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&self, frame: &Frame) -> Result<(), Error> {
        Ok(self.line.send(frame).await?)
    }

    /// Asks whether the other end is there.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn ping(&mut self) -> Result<(), Error> {
        self.stream.send(Message::Ping(Bytes::new())).await
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), Error> {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        self.stream.send(Message::Close(Some(frame))).await
    }

    /// The next message; `None` when the connection ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        self.stream.next().await
    }

    /// Sends what was begun, and what tungstenite has waiting.
    ///
    /// # Errors
    /// As [`Socket::send`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.stream.flush().await
    }
}
