//! A real server on a free port, with data of its own, and the clients that tests speak to it with.

pub mod authority;
pub mod check;
pub mod cli;
pub mod hands;
pub mod load;
pub mod people;
pub mod postgres;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{SinkExt, StreamExt};
use protocol::replica::{Changes, Replica};
use protocol::{ClientFrame, Range, ServerFrame, json};
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::auth::{self, By, NewKey};
use server::config::{Flag, Sources};
use server::lifecycle::{self, Options, Running};
use store::{Scope, TenantId};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What our own page asks for.
pub const POSTCARD: &str = "application/vnd.fuseboard.postcard";

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    pub key: String,
    /// The cookie of somebody who is signed in, an owner.
    pub cookie: String,
    pub client: Client,
    running: Option<Running>,
    folder: TempDir,
}

impl TestServer {
    pub async fn start() -> TestServer {
        TestServer::start_with(Options::default()).await
    }

    /// With 30 good calls of openai and 40 timeouts of anthropic.
    pub async fn with_two_providers() -> TestServer {
        let server = TestServer::start().await;
        server.push_two_providers().await;
        server
    }

    /// What [`TestServer::with_two_providers`] has.
    pub async fn push_two_providers(&self) {
        let call = |provider: &str, outcome: &str| {
            serde_json::json!({
                "type": "call", "provider": provider, "model": "m", "outcome": outcome, "duration_ms": 400,
            })
        };
        let mut events = vec![call("openai", "ok"); 30];
        events.extend(vec![call("anthropic", "timeout"); 40]);
        self.accept(&Value::Array(events)).await;
    }

    pub async fn start_with(options: Options) -> TestServer {
        TestServer::start_configured("", options).await
    }

    /// With a configuration file, which a restart reads again.
    pub async fn start_configured(toml: &str, options: Options) -> TestServer {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fuseboard.toml"), toml).unwrap();
        let site = folder.path().join("site/pkg");
        std::fs::create_dir_all(&site).unwrap();
        std::fs::write(site.join("fuseboard.js"), "export default 1;\n").unwrap();
        std::fs::write(site.join("fuseboard.js.br"), b"not really brotli").unwrap();
        std::fs::write(
            folder.path().join("site/robots.txt"),
            "User-agent: *\nDisallow: /\n",
        )
        .unwrap();
        TestServer::run(folder, options).await
    }

    async fn run(folder: TempDir, options: Options) -> TestServer {
        let running = lifecycle::start(
            &config(folder.path()),
            Options {
                local_key: true,
                ..options
            },
        )
        .await
        .unwrap();
        let key = std::fs::read_to_string(folder.path().join("data/local.key"))
            .unwrap()
            .trim()
            .to_owned();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let cookie = people::owner(&running).await;
        TestServer {
            address: running.address,
            key,
            cookie,
            client,
            running: Some(running),
            folder,
        }
    }

    /// Stops cleanly and starts again on the same data.
    pub async fn restart(mut self) -> TestServer {
        assert!(self.running.take().unwrap().stop().await, "not a clean stop");
        TestServer::run(self.folder, Options::default()).await
    }

    /// A new key with these scopes.
    pub async fn key_for(&self, scopes: &[Scope]) -> String {
        let scope = auth::by_command_line(TenantId::default_tenant());
        let name = format!("key {scopes:?}");
        let wanted = NewKey {
            name: &name,
            scopes,
            ..NewKey::default()
        };
        let by = By::here("test", now());
        let made = auth::create_key(self.shared().keys.as_ref(), &scope, wanted, &by).await;
        made.unwrap().0
    }

    pub async fn stop(mut self) -> bool {
        self.running.take().unwrap().stop().await
    }

    /// Begins to stop, and says when it is done.
    pub fn stop_in_background(&mut self) -> tokio::sync::oneshot::Receiver<bool> {
        let running = self.running.take().unwrap();
        let (done, wait) = tokio::sync::oneshot::channel();
        let helper = engine::Supervisor::new();
        helper.spawn("stop", async move {
            let _ = done.send(running.stop().await);
        });
        wait
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn shared(&self) -> &server::state::Shared {
        &self.running.as_ref().unwrap().shared
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A GET by somebody who is signed in.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).header("cookie", &self.cookie)
    }

    /// The answer to a GET that must succeed: JSON, or what it says.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.get(path).send().await.unwrap();
        let status = response.status();
        let bytes = response.bytes().await.unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The same, for a GET that must be refused with this status.
    pub async fn refusal(&self, path: &str, status: u16) -> Value {
        let response = self.get(path).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        response.json().await.unwrap()
    }

    /// The answer as our own page gets it.
    pub async fn packed(&self, path: &str) -> Response {
        self.get(path).header("accept", POSTCARD).send().await.unwrap()
    }

    /// A page as a browser gets it.
    pub async fn html(&self, path: &str) -> String {
        self.html_of(path, 200).await
    }

    /// A page that is sent with this status.
    pub async fn html_of(&self, path: &str, status: u16) -> String {
        let request = self.get(path).header("accept", "text/html");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        response.text().await.unwrap()
    }

    /// The board over REST, as JSON or as the view itself.
    pub async fn board<T: DeserializeOwned>(&self) -> T {
        self.read("/api/v1/board").await
    }

    /// A push request with the local key and a JSON content type, without a body.
    pub fn push(&self) -> RequestBuilder {
        self.client
            .post(self.url("/api/v1/events"))
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
    }

    pub async fn push_json(&self, body: &Value) -> Response {
        self.push().body(body.to_string()).send().await.unwrap()
    }

    /// Pushes and insists on 200; returns the answer.
    pub async fn accept(&self, body: &Value) -> Value {
        let response = self.push_json(body).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        // A range that ends now is half-open: what came within this very millisecond is not before it.
        tokio::time::sleep(Duration::from_millis(2)).await;
        answer
    }

    pub async fn socket(&self) -> Socket {
        let key = self.key.clone();
        self.socket_with(|request| {
            let value = HeaderValue::from_str(&format!("Bearer {key}")).unwrap();
            request.headers_mut().insert("authorization", value);
        })
        .await
        .unwrap()
    }

    /// A socket like a browser's.
    pub async fn browser_socket(&self) -> Socket {
        self.socket_of(&self.cookie).await
    }

    /// The same, of somebody else.
    pub async fn socket_of(&self, cookie: &str) -> Socket {
        let origin = HeaderValue::from_str(&format!("http://{}", self.address)).unwrap();
        let cookie = HeaderValue::from_str(cookie).unwrap();
        self.socket_with(|request| {
            request.headers_mut().insert("origin", origin);
            request.headers_mut().insert("cookie", cookie);
        })
        .await
        .unwrap()
    }

    pub async fn socket_with(
        &self,
        change: impl FnOnce(&mut tokio_tungstenite::tungstenite::http::Request<()>),
    ) -> Result<Socket, Error> {
        let mut request = format!("ws://{}/ws/v1", self.address)
            .into_client_request()
            .unwrap();
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("fuseboard.v1.json"),
        );
        change(&mut request);
        let (stream, response) = tokio_tungstenite::connect_async(request).await?;
        let protocol = response
            .headers()
            .get("sec-websocket-protocol")
            .map(|value| value.to_str().unwrap().to_owned());
        Ok(Socket {
            stream,
            replica: Replica::new(),
            protocol,
        })
    }

    /// Sends bytes as they are and reads the answer to its end.
    pub async fn raw(&self, request: &str) -> RawAnswer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let whole = tokio::time::timeout(Duration::from_secs(5), async {
            let mut buffer = [0; 4096];
            while !RawAnswer::is_whole(&bytes) {
                match stream.read(&mut buffer).await {
                    Ok(read @ 1..) => bytes.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
        });
        whole.await.expect("the answer does not end");
        RawAnswer::parse(&bytes)
    }
}

/// The configuration of a test server in a folder.
pub fn now() -> i64 {
    engine::Clock::system().now()
}

pub fn config(folder: &Path) -> server::config::Config {
    let flag = |name, key, value: String| Flag { name, key, value };
    let flags = vec![
        flag("--listen", "server.listen", "127.0.0.1:0".into()),
        flag(
            "--data-dir",
            "data.dir",
            folder.join("data").display().to_string(),
        ),
        flag(
            "--site-dir",
            "server.site_dir",
            folder.join("site").display().to_string(),
        ),
    ];
    let file = folder.join("fuseboard.toml");
    server::config::load(&Sources {
        file: file.exists().then_some(file),
        flags,
        ..Sources::default()
    })
    .unwrap()
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl RawAnswer {
    /// The connection may stay open after the answer: a WebSocket does, and so does HTTP/1.1.
    fn is_whole(bytes: &[u8]) -> bool {
        let answer = RawAnswer::parse(bytes);
        let head = answer.head.to_ascii_lowercase();
        if answer.status == 101 {
            // The first frame may be in the same packet.
            return bytes.windows(4).any(|four| four == b"\r\n\r\n");
        }
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        length.is_some_and(|length: usize| answer.body.len() >= length)
    }

    fn parse(bytes: &[u8]) -> RawAnswer {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|word| word.parse().ok())
            .unwrap_or(0);
        RawAnswer {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// A WebSocket with the state that its client holds.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub replica: Replica,
    pub protocol: Option<String>,
}

/// What a socket said.
#[derive(Debug)]
pub enum Said {
    Frame(ServerFrame),
    Closed(Option<CloseFrame>),
}

impl Socket {
    pub async fn subscribe(&mut self, view: &str) {
        self.send(json::encode_client(&ClientFrame::Subscribe {
            view: view.into(),
            range: Range::M15,
            replay: None,
        }))
        .await;
    }

    pub async fn send(&mut self, text: String) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub async fn send_message(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next frame, or the close.
    pub async fn next(&mut self) -> Said {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.stream.next())
                .await
                .expect("silence");
            match message {
                Some(Ok(Message::Text(text))) => return Said::Frame(json::decode_server(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => {
                    return Said::Frame(protocol::codec::decode_server(&bytes).unwrap());
                }
                Some(Ok(Message::Close(frame))) => return Said::Closed(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Said::Closed(None),
            }
        }
    }

    /// Takes frames in until the replica looks as wanted.
    pub async fn until(&mut self, mut wanted: impl FnMut(&Replica) -> bool) {
        while !wanted(&self.replica) {
            self.take().await;
        }
    }

    /// Takes one frame in.
    pub async fn take(&mut self) -> Changes {
        match self.next().await {
            Said::Frame(frame) => self.replica.apply(frame).unwrap(),
            Said::Closed(frame) => panic!("closed: {frame:?}"),
        }
    }

    /// Reads until the socket is closed: the goodbye, if one came, and the close.
    pub async fn end(&mut self) -> (Option<protocol::Bye>, Option<u16>) {
        let mut bye = None;
        loop {
            match self.next().await {
                Said::Frame(ServerFrame::Bye(frame)) => bye = Some(frame),
                Said::Frame(_) => {}
                Said::Closed(frame) => return (bye, frame.map(|frame| frame.code.into())),
            }
        }
    }
}

/// A call that went well.
pub fn call(id: &str) -> Value {
    serde_json::json!({
        "type": "call", "provider": "openai", "model": "gpt-5", "outcome": "ok", "duration_ms": 420, "id": id,
    })
}

/// A transition.
pub fn transition(breaker: &str, to: &str) -> Value {
    serde_json::json!({
        "type": "breaker", "breaker": breaker, "to": to, "provider": "openai", "instance": "pod-1",
        "reason": "24 × overloaded",
    })
}

/// What base32 stands for: the seed of a second factor.
pub fn unbase32(text: &str) -> Vec<u8> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars() {
        bits = bits << 5 | digits.find(letter).unwrap() as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// The fields of a form, as browsers send them.
pub fn urlencoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Packed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The status and body of a problem, which must have the members of RFC 9457.
pub async fn problem(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status, "{body}");
    for member in ["type", "title", "detail", "instance"] {
        assert!(
            body[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member} in {body}"
        );
    }
    (status, body)
}
