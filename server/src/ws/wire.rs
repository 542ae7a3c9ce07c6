//! What a line is made of: a TCP connection as it is, or TLS over one. Both are written to without waiting.
//!
//! The TLS here is the connection that the handshake made, taken out of its async wrapper: that one knows a single writer,
//! and a line has two. What TLS has sealed and the kernel had no room for stays in it, and counts as not written yet.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use rustls::ServerConnection;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Bytes to and from the other end.
pub enum Wire {
    /// As they are.
    Plain(TcpStream),
    /// Sealed.
    Tls(Box<Sealed>),
}

/// A TLS connection after its handshake.
pub struct Sealed {
    stream: TcpStream,
    session: Mutex<ServerConnection>,
}

impl From<TcpStream> for Wire {
    fn from(stream: TcpStream) -> Wire {
        Wire::Plain(stream)
    }
}

impl From<TlsStream<TcpStream>> for Wire {
    fn from(stream: TlsStream<TcpStream>) -> Wire {
        let (stream, session) = stream.into_inner();
        Wire::Tls(Box::new(Sealed {
            stream,
            session: Mutex::new(session),
        }))
    }
}

impl Wire {
    fn stream(&self) -> &TcpStream {
        match self {
            Wire::Plain(stream) => stream,
            Wire::Tls(sealed) => &sealed.stream,
        }
    }

    /// Takes as much of these pieces as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; otherwise the connection is broken.
    pub fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Wire::Plain(stream) => match pieces {
                [one] => stream.try_write(one),
                pieces => stream.try_write_vectored(pieces),
            },
            Wire::Tls(sealed) => sealed.try_write(pieces),
        }
    }

    /// Sends what was taken and is not on its way yet.
    ///
    /// # Errors
    /// `WouldBlock` when some of it has to wait for room; otherwise the connection is broken.
    pub fn try_push(&self) -> io::Result<()> {
        match self {
            Wire::Plain(_) => Ok(()),
            Wire::Tls(sealed) => push(&mut sealed.session.lock(), &sealed.stream),
        }
    }

    /// Whether something was taken that is not on its way yet.
    pub fn holds(&self) -> bool {
        match self {
            Wire::Plain(_) => false,
            Wire::Tls(sealed) => sealed.session.lock().wants_write(),
        }
    }

    /// Waits for room.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn writable(&self) -> io::Result<()> {
        self.stream().writable().await
    }

    /// Likewise. One task is woken.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_write_ready(context)
    }

    /// Reads what has come; nothing at the end.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let read = match self {
                // Readiness first: trying costs a call into the kernel.
                Wire::Plain(stream) => {
                    ready!(stream.poll_read_ready(context))?;
                    stream.try_read(buffer.initialize_unfilled())
                }
                Wire::Tls(sealed) => sealed.try_read(buffer.initialize_unfilled()),
            };
            match read {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            if let Wire::Tls(sealed) = self {
                ready!(sealed.stream.poll_read_ready(context))?;
            }
        }
    }
}

impl Sealed {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut session = self.session.lock();
        push(&mut session, &self.stream)?;
        // As much as the library holds for one connection, some 64 KiB.
        let taken = session.writer().write_vectored(pieces)?;
        match push(&mut session, &self.stream) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut session = self.session.lock();
        loop {
            // What was opened before comes first; after the end of the connection this says how it ended.
            match session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            session.read_tls(&mut Now(&self.stream))?;
            if let Err(error) = session.process_new_packets() {
                // The other end is told what is wrong, if it can be.
                let _ = session.write_tls(&mut Now(&self.stream));
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
}

/// Says that nothing follows, if there is room for it: the other end can then tell an end from a cut.
impl Drop for Sealed {
    fn drop(&mut self) {
        let session = self.session.get_mut();
        session.send_close_notify();
        // Nobody is left who could be told that it failed.
        let _ = push(session, &self.stream);
    }
}

fn push(session: &mut ServerConnection, stream: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut Now(stream))?;
    }
    Ok(())
}

/// A connection for who does not wait.
struct Now<'a>(&'a TcpStream);

impl io::Read for Now<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl io::Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
