//! The connection below a WebSocket, which two write to: the hub its frames, the moment they are there, and the session
//! everything else. Each writes whole frames only. Where there is room for a part, the connection keeps the rest, and
//! nothing else is written before it has gone.
//!
//! Deliberately absent: fragments and compression, which nobody asks for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use bytes::Buf as _;
use engine::{Direct, Frame, Tried};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A frame up to this length is put behind its head and written in one piece: a short copy costs less than handing two
/// pieces to the kernel.
const SHORT: usize = 2 << 10;

/// An open connection. Cloning it gives another hand on the same one. Only one of them, the session's, may wait for room:
/// the connection wakes one task.
#[derive(Clone)]
pub struct Line(Arc<Shared>);

struct Shared {
    stream: TcpStream,
    /// Of the frame that was begun; empty when none is.
    rest: Mutex<Bytes>,
}

impl Line {
    pub fn new(stream: TcpStream) -> Line {
        Line(Arc::new(Shared {
            stream,
            rest: Mutex::default(),
        }))
    }

    /// The hub's hand.
    pub fn direct(&self) -> Arc<dyn Direct> {
        Arc::clone(&self.0) as Arc<dyn Direct>
    }

    /// Sends a frame. After a cancelled call it may have been begun; its rest goes out with what is sent next.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&self, frame: &Frame) -> io::Result<()> {
        loop {
            self.flush().await?;
            match self.0.try_frame(frame)? {
                Tried::Sent => return Ok(()),
                Tried::Begun => return self.flush().await,
                Tried::Refused => self.0.stream.writable().await?,
            }
        }
    }

    /// Sends the rest of what was begun.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn flush(&self) -> io::Result<()> {
        std::future::poll_fn(|context| self.0.poll_rest(context)).await
    }
}

impl Direct for Shared {
    fn try_send(&self, frame: &Frame) -> Tried {
        // Whoever sends it next finds out what is wrong with the connection.
        self.try_frame(frame).unwrap_or(Tried::Refused)
    }
}

impl Shared {
    fn try_frame(&self, frame: &Frame) -> io::Result<Tried> {
        let (kind, payload) = match frame {
            Frame::Text(payload) => (Data::Text, payload),
            Frame::Binary(payload) => (Data::Binary, payload),
        };
        let head = Head::of(kind, payload.len())?;
        let mut rest = self.rest.lock();
        if !rest.is_empty() {
            return Ok(Tried::Refused);
        }
        let written = match self.try_write(head.bytes(), payload) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Tried::Refused),
            Err(error) => return Err(error),
        };
        *rest = match written.checked_sub(head.length) {
            Some(sent) if sent == payload.len() => return Ok(Tried::Sent),
            Some(sent) => payload.slice(sent..),
            None => [&head.bytes()[written..], payload].concat().into(),
        };
        Ok(Tried::Begun)
    }

    fn try_write(&self, head: &[u8], payload: &[u8]) -> io::Result<usize> {
        if payload.len() > SHORT {
            let pieces = [io::IoSlice::new(head), io::IoSlice::new(payload)];
            return self.stream.try_write_vectored(&pieces);
        }
        let mut whole = [0; Head::MOST + SHORT];
        let (first, rest) = whole.split_at_mut(head.len());
        first.copy_from_slice(head);
        let (second, _) = rest.split_at_mut(payload.len());
        second.copy_from_slice(payload);
        self.stream.try_write(&whole[..head.len() + payload.len()])
    }

    fn poll_rest(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let mut rest = self.rest.lock();
                if rest.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                match self.stream.try_write(&rest) {
                    Ok(written) => {
                        rest.advance(written);
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            ready!(self.stream.poll_write_ready(context))?;
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(context))?;
            match self.0.stream.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// For tungstenite, which hands over whole frames: pings, pongs and closes. One is taken as a whole or not at all.
impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_rest(context))?;
            {
                let mut rest = self.0.rest.lock();
                // The hub may have begun a frame since.
                if rest.is_empty() {
                    match self.0.stream.try_write(bytes) {
                        Ok(written) => {
                            *rest = Bytes::copy_from_slice(&bytes[written..]);
                            return Poll::Ready(Ok(bytes.len()));
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
            ready!(self.0.stream.poll_write_ready(context))?;
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_rest(context)
    }

    /// The connection closes when nobody holds it any more.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_rest(context)
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

    fn of(kind: Data, payload: usize) -> io::Result<Head> {
        let header = FrameHeader {
            opcode: OpCode::Data(kind),
            ..FrameHeader::default()
        };
        let mut bytes = [0; Head::MOST];
        let mut rest = bytes.as_mut_slice();
        header
            .format(payload as u64, &mut rest)
            .map_err(|error| match error {
                Error::Io(error) => error,
                other => io::Error::other(other),
            })?;
        let length = Head::MOST - rest.len();
        Ok(Head { bytes, length })
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpSocket;

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

    /// Two hands write into a connection that is read slowly: every frame arrives whole and in its hand's order.
    #[expect(clippy::disallowed_methods, reason = "a test may have tasks without a name")]
    #[tokio::test(flavor = "multi_thread")]
    async fn whole_frames_arrive_whoever_writes_them() {
        const EACH: u32 = 40;
        // Every other frame is more than the kernel takes at once here, and goes in parts.
        const LENGTHS: [usize; 2] = [200_000, 300];
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(64 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let client = tokio::spawn(TcpStream::connect(address));
        let stream = listener.accept().await.unwrap().0;
        stream.set_nodelay(true).unwrap();
        let line = Line::new(stream);
        let mut client = client.await.unwrap().unwrap();

        let payload = |number: u32| {
            let mut payload = vec![b'h'; LENGTHS[number as usize % 2]];
            payload[..4].copy_from_slice(&number.to_be_bytes());
            Bytes::from(payload)
        };
        // As the hub: without waiting, and what is refused is tried again.
        let hub = line.direct();
        let hub = tokio::spawn(async move {
            let mut seen = [false; 3];
            for number in 0..EACH {
                let frame = Frame::Binary(payload(number));
                loop {
                    let tried = hub.try_send(&frame);
                    seen[tried as usize] = true;
                    if tried != Tried::Refused {
                        break;
                    }
                    tokio::time::sleep(Duration::from_micros(100)).await;
                }
            }
            seen
        });
        // As tungstenite: a frame of two bytes of head and 50 of payload; and what the hub has begun.
        let mut session = line.clone();
        let session = tokio::spawn(async move {
            for number in 0.. {
                if number < EACH {
                    let mut ping = vec![0x89, 50];
                    ping.extend([number as u8; 50]);
                    session.write_all(&ping).await.unwrap();
                }
                session.flush().await.unwrap();
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
        });

        let (mut frames, mut pings) = (0, 0);
        while frames < EACH || pings < EACH {
            let mut head = [0; 2];
            client.read_exact(&mut head).await.unwrap();
            if head == [0x89, 50] {
                let mut payload = [0; 50];
                client.read_exact(&mut payload).await.unwrap();
                assert_eq!(payload, [pings as u8; 50]);
                pings += 1;
            } else {
                let length = match head {
                    [0x82, 127] => client.read_u64().await.unwrap(),
                    [0x82, 126] => client.read_u16().await.unwrap().into(),
                    other => panic!("{other:?} after {frames} frames and {pings} pings"),
                };
                assert_eq!(length, LENGTHS[frames as usize % 2] as u64);
                let mut payload = vec![0; length as usize];
                client.read_exact(&mut payload).await.unwrap();
                assert_eq!(payload[..4], u32::to_be_bytes(frames));
                assert!(payload[4..].iter().all(|byte| *byte == b'h'));
                frames += 1;
            }
            if frames % 10 == 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        session.abort();
        assert_eq!(hub.await.unwrap(), [true; 3], "at once, in parts, and not at all");
    }
}
