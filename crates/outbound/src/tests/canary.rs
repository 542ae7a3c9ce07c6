//! A listener that nobody may reach. It listens on every loopback address, and at what else leads to this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// See the module. Stops when dropped.
pub struct Canary {
    pub port: u16,
    accepted: Arc<Mutex<Vec<String>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Canary {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Canary {
    /// On 0.0.0.0 (and with it all of 127.0.0.0/8) and on ::1, on one port.
    pub async fn start() -> Canary {
        for _ in 0..20 {
            let four = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
            let port = four.local_addr().unwrap().port();
            if let Ok(six) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                return Canary::on(port, vec![four, six]);
            }
        }
        panic!("no port is free on both 0.0.0.0 and ::1");
    }

    /// On this address and port alone, if nobody else has them.
    pub async fn start_at(address: IpAddr, port: u16) -> Option<Canary> {
        let listener = TcpListener::bind((address, port)).await.ok()?;
        Some(Canary::on(port, vec![listener]))
    }

    fn on(port: u16, listeners: Vec<TcpListener>) -> Canary {
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let listen = |listener| tokio::spawn(listen(listener, accepted.clone()));
        Canary {
            port,
            tasks: listeners.into_iter().map(listen).collect(),
            accepted,
        }
    }

    /// How many connections were accepted until now, whoever made them.
    pub fn count(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    /// Gives connections time to show, then tells what each brought.
    pub async fn accepted(&self) -> Vec<String> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.accepted.lock().unwrap().clone()
    }
}

async fn listen(listener: TcpListener, accepted: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, peer)) = listener.accept().await {
        let index = {
            let mut accepted = accepted.lock().unwrap();
            accepted.push(format!("from {peer}"));
            accepted.len() - 1
        };
        let accepted = accepted.clone();
        tokio::spawn(async move {
            if let Some(brought) = answer(stream).await {
                accepted.lock().unwrap()[index] = format!("from {peer}: {brought}");
            }
        });
    }
}

/// Answers whatever comes, so that a control ends soon.
async fn answer(mut stream: TcpStream) -> Option<String> {
    let mut brought = [0; 1_024];
    let read = stream.read(&mut brought).await.ok()?;
    let text = String::from_utf8_lossy(&brought[..read]).into_owned();
    let _ = stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncanary")
        .await;
    Some(text)
}
