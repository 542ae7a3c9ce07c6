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
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::wire::Wire;

/// A frame up to this length is put behind its head and written in one piece: a short copy costs less than handing two
/// pieces to the kernel.
const SHORT: usize = 2 << 10;

/// An open connection. Cloning it gives another hand on the same one. Only one of them, the session's, may wait for room:
/// the connection wakes one task.
#[derive(Clone)]
pub struct Line(Arc<Shared>);

struct Shared {
    wire: Wire,
    /// Of the frame that was begun; empty when none is.
    rest: Mutex<Bytes>,
}

impl Line {
    pub fn new(wire: impl Into<Wire>) -> Line {
        Line(Arc::new(Shared {
            wire: wire.into(),
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
                Tried::Refused => self.0.wire.writable().await?,
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
            Some(sent) if sent == payload.len() && !self.wire.holds() => return Ok(Tried::Sent),
            Some(sent) => payload.slice(sent..),
            None => [&head.bytes()[written..], payload].concat().into(),
        };
        Ok(Tried::Begun)
    }

    fn try_write(&self, head: &[u8], payload: &[u8]) -> io::Result<usize> {
        if payload.len() > SHORT {
            let pieces = [io::IoSlice::new(head), io::IoSlice::new(payload)];
            return self.wire.try_write(&pieces);
        }
        let mut whole = [0; Head::MOST + SHORT];
        let (first, rest) = whole.split_at_mut(head.len());
        first.copy_from_slice(head);
        let (second, _) = rest.split_at_mut(payload.len());
        second.copy_from_slice(payload);
        self.wire
            .try_write(&[io::IoSlice::new(&whole[..head.len() + payload.len()])])
    }

    fn poll_rest(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            {
                let mut rest = self.rest.lock();
                let written = if rest.is_empty() {
                    self.wire.try_push().map(|()| None)
                } else {
                    self.wire.try_write(&[io::IoSlice::new(&rest)]).map(Some)
                };
                match written {
                    Ok(None) => return Poll::Ready(Ok(())),
                    Ok(Some(written)) => {
                        rest.advance(written);
                        continue;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            ready!(self.wire.poll_writable(context))?;
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.wire.poll_read(context, buffer)
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
                    match self.0.wire.try_write(&[io::IoSlice::new(bytes)]) {
                        Ok(written) => {
                            *rest = Bytes::copy_from_slice(&bytes[written..]);
                            return Poll::Ready(Ok(bytes.len()));
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
            ready!(self.0.wire.poll_writable(context))?;
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

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpSocket, TcpStream};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

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

    /// A connection whose server's side takes little at once.
    async fn connected() -> (TcpStream, TcpStream) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(64 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let stream = accepted.unwrap().0;
        stream.set_nodelay(true).unwrap();
        (stream, client.unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whole_frames_arrive_whoever_writes_them() {
        let (stream, client) = connected().await;
        two_hands(Line::new(stream), client).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whole_frames_arrive_over_tls_too() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let believing = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (stream, client) = connected().await;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(believing));
        let (stream, client) = tokio::join!(
            TlsAcceptor::from(Arc::new(config)).accept(stream),
            connector.connect(name, client)
        );
        two_hands(Line::new(stream.unwrap()), client.unwrap()).await;
    }

    /// Two hands write into a connection that is read slowly: every frame arrives whole and in its hand's order; and what
    /// the client says meanwhile arrives as well. When the hands let go, the client sees an end.
    #[expect(clippy::disallowed_methods, reason = "a test may have tasks without a name")]
    async fn two_hands(line: Line, mut client: impl AsyncRead + AsyncWrite + Unpin) {
        const EACH: u32 = 40;
        // Every other frame is more than the kernel takes at once here, and goes in parts.
        const LENGTHS: [usize; 2] = [200_000, 300];
        let mut ears = line.clone();
        let heard = tokio::spawn(async move {
            let mut heard = vec![0; EACH as usize * 50];
            ears.read_exact(&mut heard).await.unwrap();
            heard
        });
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
        let mut session = line;
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
                client.write_all(&payload).await.unwrap();
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
        client.flush().await.unwrap();
        let answers: Vec<u8> = (0..EACH).flat_map(|number| [number as u8; 50]).collect();
        assert_eq!(heard.await.unwrap(), answers);
        session.abort();
        let _ = session.await;
        assert_eq!(hub.await.unwrap(), [true; 3], "at once, in parts, and not at all");
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "an end, not a cut");
    }
}
