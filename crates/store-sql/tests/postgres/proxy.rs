//! A proxy on loopback between the store and Postgres that loses connections at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// When the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before Postgres sees the commit.
    Before,
    /// After it has the commit, before its answer.
    After,
}

#[derive(Default)]
struct Plan {
    next: Mutex<Option<Cut>>,
    cuts: AtomicU32,
    swallow: AtomicBool,
}

pub struct Proxy {
    url: String,
    plan: Arc<Plan>,
}

impl Proxy {
    /// Listens on a free port and passes everything on to the server that `url` names.
    pub async fn start(url: &str) -> Proxy {
        let (scheme, rest) = url.split_once("://").expect("an address");
        let (user, rest) = rest.split_once('@').expect("a user");
        let (host, path) = rest.split_once('/').expect("a database");
        let target = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:5432")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let plan = Arc::new(Plan::default());
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!("{scheme}://{user}@127.0.0.1:{port}/{path}{separator}sslmode=disable");
        start(accept(listener, target, Arc::clone(&plan)));
        Proxy { url, plan }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn cut_at_next_commit(&self, cut: Cut) {
        *self.plan.next.lock() = Some(cut);
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> u32 {
        self.plan.cuts.load(Ordering::SeqCst)
    }

    /// Passes nothing on any more, on any connection, and closes none.
    pub fn swallow(&self, on: bool) {
        self.plan.swallow.store(on, Ordering::SeqCst);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's proxy ends with the test's runtime"
)]
fn start(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

async fn accept(listener: TcpListener, target: String, plan: Arc<Plan>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(&target).await else {
            continue;
        };
        start(pass(client, server, Arc::clone(&plan)));
    }
}

async fn pass(client: TcpStream, server: TcpStream, plan: Arc<Plan>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut sent = vec![0; 1 << 16];
    let mut answered = vec![0; 1 << 16];
    loop {
        tokio::select! {
            read = from_client.read(&mut sent) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &sent[..length];
                let is_commit = bytes.windows(6).any(|part| part == b"COMMIT");
                let cut = if is_commit { plan.next.lock().take() } else { None };
                if plan.swallow.load(Ordering::SeqCst) {
                    continue;
                }
                if cut != Some(Cut::Before) && to_server.write_all(bytes).await.is_err() {
                    return;
                }
                if cut == Some(Cut::After) {
                    // The commit is done when its answer is here.
                    let _ = from_server.read(&mut answered).await;
                }
                if cut.is_some() {
                    plan.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if !plan.swallow.load(Ordering::SeqCst) && to_client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
