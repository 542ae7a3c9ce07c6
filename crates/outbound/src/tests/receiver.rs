//! A server that may be reached: it keeps what it was sent and answers with the bytes it was given.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// Longer than any test waits, and not for ever: what waits longer has failed, and should say so.
pub const LONG: Duration = Duration::from_secs(20);

/// A part of an answer.
#[derive(Debug, Clone)]
pub enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// The connection stays open, and nothing more comes for longer than any test waits.
    Silence,
}

/// See the module. Stops when dropped.
pub struct Receiver {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// On 127.0.0.1; answers 200 and `ok`.
    pub async fn start() -> Receiver {
        Receiver::answering(whole("200 OK", &[], b"ok")).await
    }

    /// On 127.0.0.1; answers with these bytes.
    pub async fn answering(bytes: impl Into<Vec<u8>>) -> Receiver {
        Receiver::with(vec![Part::Bytes(bytes.into())]).await
    }

    /// On 127.0.0.1; answers with these parts.
    pub async fn with(parts: Vec<Part>) -> Receiver {
        Receiver::at(IpAddr::V4(Ipv4Addr::LOCALHOST), 0, parts).await
    }

    /// At this address.
    pub async fn at(address: IpAddr, port: u16, parts: Vec<Part>) -> Receiver {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, parts.clone(), kept.clone()));
            }
        });
        Receiver {
            address,
            requests,
            task,
        }
    }

    /// `http://127.0.0.1:port` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it was sent, each request as one text.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A port of 127.0.0.1 and 127.0.0.2 that nobody listens at, and nobody else gets while these are kept.
pub fn closed_port() -> (u16, [TcpSocket; 2]) {
    loop {
        let (one, two) = (TcpSocket::new_v4().unwrap(), TcpSocket::new_v4().unwrap());
        one.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let port = one.local_addr().unwrap().port();
        if two.bind(SocketAddr::from(([127, 0, 0, 2], port))).is_ok() {
            return (port, [one, two]);
        }
    }
}

/// A whole answer with a length.
pub fn whole(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for header in headers {
        bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Reads one request, keeps it, answers.
pub async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    parts: Vec<Part>,
    kept: Arc<Mutex<Vec<String>>>,
) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        let mut more = [0; 4_096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => break,
            Ok(read) => request.extend_from_slice(&more[..read]),
        }
    }
    if !request.is_empty() {
        kept.lock()
            .unwrap()
            .push(String::from_utf8_lossy(&request).into_owned());
    }
    for part in parts {
        match part {
            Part::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Part::Pause(time) => tokio::time::sleep(time).await,
            Part::Silence => tokio::time::sleep(LONG).await,
        }
    }
    let _ = stream.shutdown().await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    body.len() >= length
}
