//! Handshakes: each in its connection's own task, and not for ever.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Tls;

/// From the connection to the end of the handshake.
const WITHIN: Duration = Duration::from_secs(10);
/// How long somebody who spoke plain http may take to read why not.
const GOODBYE: Duration = Duration::from_secs(1);
/// The first byte of whoever begins a handshake.
const HANDSHAKE: u8 = 0x16;

const PLAIN: &str = "This port speaks https: put https:// before the address.\n";

impl Tls {
    /// Shakes hands. `None` when it came to nothing; the connection is closed then.
    pub async fn shake(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let shaken = tokio::time::timeout(WITHIN, async {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(1) if first[0] == HANDSHAKE => self.acceptor.accept(stream).await.ok(),
                Ok(1) if first[0].is_ascii_uppercase() => {
                    part(stream, plain().as_bytes()).await;
                    None
                }
                // Nothing that anybody here understands.
                Ok(1) => {
                    part(stream, b"").await;
                    None
                }
                _ => None,
            }
        })
        .await
        .ok()
        .flatten();
        if shaken.is_none() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        shaken
    }
}

/// What whoever speaks plain http is told, in plain http.
fn plain() -> String {
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n{PLAIN}",
        PLAIN.len()
    )
}

/// Says this, and ends the connection so that it can be read.
async fn part(mut stream: TcpStream, words: &[u8]) {
    let told = async {
        stream.write_all(words).await?;
        stream.shutdown().await?;
        // A connection that is dropped with bytes unread is reset, and its answer with it.
        let mut away = [0; 1024];
        while stream.read(&mut away).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // Whoever does not read it has to do without.
    let _ = tokio::time::timeout(GOODBYE, told).await;
}
