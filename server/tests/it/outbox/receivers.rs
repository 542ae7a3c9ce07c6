//! Receivers of every kind on this machine, on bare connections: three in ten requests fail, in the ways in which services
//! and networks do. What is refused, hung up on or left without an answer was not taken; a receiver that takes something
//! and then breaks off is what a killed sender looks like from here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::common::authority::Authority;

pub const KINDS: [&str; 6] = ["webhook", "slack", "discord", "teams", "pagerduty", "telegram"];
/// The kind that is reached over TLS.
pub const SECURE: &str = "teams";

/// After a handshake that failed, so long none fails: what failed comes again within it, and a second failure would make
/// it wait for minutes.
const SOUND: Duration = Duration::from_secs(15);
/// Longer than anybody waits for an answer.
const FOREVER: Duration = Duration::from_secs(40);

/// Where a request is when it is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Claimed, and on its way: there is a connection, and nothing was read.
    Connected,
    /// It was read and decided about, and not answered.
    Received,
    /// It was answered, and may not be recorded yet.
    Answered,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Taken,
    Busy,
    Broken,
    Elsewhere,
    Silence,
    Reset,
    BadCertificate,
}

/// Ways that cost a step of the ladder, or a hand: each notification meets at most one of them.
const HARD: [Way; 4] = [Way::Broken, Way::Elsewhere, Way::Silence, Way::Reset];

/// A request that came.
#[derive(Debug, Clone)]
pub struct Came {
    pub kind: String,
    /// The breaker that it is about.
    pub about: String,
    /// What names it: the header, the key, or where there is none the body itself.
    pub name: String,
    /// It was answered with yes.
    pub taken: bool,
}

struct Book {
    came: Vec<Came>,
    ways: BTreeMap<Way, usize>,
    random: StdRng,
    /// Which met a hard way already.
    put_off: BTreeSet<(String, String)>,
    /// When a handshake last failed.
    refused: Option<tokio::time::Instant>,
}

#[derive(Clone)]
pub struct Receivers {
    address: SocketAddr,
    secure: SocketAddr,
    /// Whom the sender has to believe.
    pub authority: String,
    book: Arc<Mutex<Book>>,
    moments: Arc<[Notify; 3]>,
}

impl Receivers {
    #[expect(clippy::disallowed_methods, reason = "a test starts its own tasks")]
    pub async fn start(seed: u64) -> Receivers {
        let (plain, secure) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let book = Book {
            came: Vec::new(),
            ways: BTreeMap::new(),
            random: StdRng::seed_from_u64(seed),
            put_off: BTreeSet::new(),
            refused: None,
        };
        let (known, other) = (Authority::new(), Authority::new());
        let receivers = Receivers {
            address: plain.local_addr().unwrap(),
            secure: secure.local_addr().unwrap(),
            authority: known.pem.clone(),
            book: Arc::new(Mutex::new(book)),
            moments: Arc::default(),
        };
        let (good, bad) = (acceptor(&known), acceptor(&other));
        let here = receivers.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = plain.accept().await.unwrap();
                let here = here.clone();
                tokio::spawn(async move { here.plain(stream).await });
            }
        });
        let here = receivers.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = secure.accept().await.unwrap();
                let (here, good, bad) = (here.clone(), good.clone(), bad.clone());
                tokio::spawn(async move { here.secure(stream, &good, &bad).await });
            }
        });
        receivers
    }

    /// What the sender must be allowed to reach.
    pub fn allow(&self) -> String {
        format!("{},{}", self.address, self.secure)
    }

    pub fn url(&self, kind: &str) -> String {
        match kind == SECURE {
            true => format!("https://{}/{kind}", self.secure),
            false => format!("http://{}/{kind}", self.address),
        }
    }

    /// When the next request is there.
    pub async fn next(&self, moment: Moment) {
        self.moments[moment as usize].notified().await;
    }

    fn tell(&self, moment: Moment) {
        self.moments[moment as usize].notify_waiters();
    }

    async fn plain(&self, mut stream: TcpStream) {
        self.tell(Moment::Connected);
        if self.answer(&mut stream).await == Some(Way::Reset) {
            // Closed with a reset instead of an end.
            let _ = stream.set_zero_linger();
        }
    }

    async fn secure(&self, stream: TcpStream, good: &TlsAcceptor, bad: &TlsAcceptor) {
        self.tell(Moment::Connected);
        let refused = {
            let book = &mut *self.book.lock().unwrap();
            let now = tokio::time::Instant::now();
            let sound = book.refused.is_some_and(|at| now - at < SOUND);
            let refused = !sound && book.random.random_range(0..20) == 0;
            if refused {
                book.refused = Some(now);
                *book.ways.entry(Way::BadCertificate).or_default() += 1;
            }
            refused
        };
        let acceptor = if refused { bad } else { good };
        if let Ok(mut stream) = acceptor.accept(stream).await {
            self.answer(&mut stream).await;
            let _ = stream.shutdown().await;
        }
    }

    /// Reads one request and answers it, or does not; `None` when nothing whole came.
    async fn answer(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<Way> {
        let (head, body) = read(stream).await?;
        let kind = head.split('/').nth(1)?.split([' ', '/', '?']).next()?.to_owned();
        let told: Value = serde_json::from_slice(&body).unwrap();
        let text = String::from_utf8(body).unwrap();
        let Some(about) = about(&text) else {
            // Trouble of other channels: taken, and nothing that is counted.
            respond(stream, &kind, &told, Way::Taken).await;
            return Some(Way::Taken);
        };
        let name = match kind.as_str() {
            "webhook" => header(&head, "webhook-id")?,
            "pagerduty" => told["dedup_key"].as_str().unwrap().to_owned(),
            // No key: the same words at every attempt.
            _ => text,
        };
        let (way, pause) = self.decide(kind.clone(), about, name);
        self.tell(Moment::Received);
        // Time in which the sender may be killed, after the receiver has decided.
        tokio::time::sleep(pause).await;
        match way {
            Way::Silence => {
                let _ = tokio::time::timeout(FOREVER, stream.read_u8()).await;
            }
            Way::Reset => {}
            way => respond(stream, &kind, &told, way).await,
        }
        self.tell(Moment::Answered);
        Some(way)
    }

    fn decide(&self, kind: String, about: String, name: String) -> (Way, Duration) {
        let book = &mut *self.book.lock().unwrap();
        let pause = Duration::from_millis(book.random.random_range(1..120));
        let place = (kind.clone(), about.clone());
        let way = match book.random.random_range(0..10) {
            // What is reached over TLS has its own hard way.
            0 if kind != SECURE && book.put_off.insert(place) => {
                HARD[book.random.random_range(0..HARD.len())]
            }
            0..=2 => Way::Busy,
            _ => Way::Taken,
        };
        *book.ways.entry(way).or_default() += 1;
        book.came.push(Came {
            kind,
            about,
            name,
            taken: way == Way::Taken,
        });
        (way, pause)
    }

    fn came(&self, kind: &str) -> Vec<Came> {
        let book = self.book.lock().unwrap();
        book.came.iter().filter(|one| one.kind == kind).cloned().collect()
    }

    pub fn taken(&self, kind: &str) -> Vec<Came> {
        let mut taken = self.came(kind);
        taken.retain(|one| one.taken);
        taken
    }

    /// By breaker, the names under which it came.
    pub fn names(&self, kind: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for one in self.came(kind) {
            names.entry(one.about).or_default().insert(one.name);
        }
        names
    }

    /// How many of these kinds were taken more than once under the same name.
    pub fn repeats(&self, kinds: &[&str]) -> usize {
        let mut repeats = 0;
        for kind in kinds {
            let taken = self.taken(kind);
            let names: BTreeSet<&String> = taken.iter().map(|one| &one.name).collect();
            repeats += taken.len() - names.len();
        }
        repeats
    }

    /// What became of requests.
    pub fn ways(&self) -> BTreeMap<Way, usize> {
        self.book.lock().unwrap().ways.clone()
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let issued = authority.issue(2100);
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.der()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The head and the body of one request.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).ok()?;
    let length: usize = header(&head, "content-length")?.parse().ok()?;
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}

fn about(text: &str) -> Option<String> {
    let start = text.find("breaker-")?;
    let name = text[start..].chars();
    Some(
        name.take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect(),
    )
}

async fn respond(stream: &mut (impl AsyncWrite + Unpin), kind: &str, told: &Value, way: Way) {
    let (status, more, body) = match way {
        Way::Busy => (
            "429 Too Many Requests",
            "retry-after: 1\r\n",
            "not now".to_owned(),
        ),
        Way::Broken => ("500 Internal Server Error", "", "it broke".to_owned()),
        Way::Elsewhere => ("302 Found", "location: http://127.0.0.1:9/\r\n", String::new()),
        _ => {
            let body = match kind {
                "slack" => "ok".to_owned(),
                "pagerduty" => {
                    json!({ "status": "success", "message": "Event processed", "dedup_key": told["dedup_key"] }).to_string()
                }
                "telegram" => json!({ "ok": true, "result": { "message_id": 7 } }).to_string(),
                "discord" => json!({ "id": "112233" }).to_string(),
                _ => String::new(),
            };
            let accepted = ["teams", "pagerduty"].contains(&kind);
            (if accepted { "202 Accepted" } else { "200 OK" }, "", body)
        }
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\n{more}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // The sender may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
}
