//! TLS of our own: pages and sockets over https, a certificate that is replaced while they run, and whoever does not
//! shake hands as they should.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::common::authority::{Authority, Issued};
use crate::common::cli::{Serving, fuseboard, run, text};
use futures::{SinkExt as _, StreamExt as _};
use protocol::{ClientFrame, Range};
use reqwest::{Client, Response};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use server::lifecycle::{self, Options, Running};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

/// So often the files are looked at here.
const LOOK: Duration = Duration::from_millis(50);
/// The year after every certificate that is good.
const GOOD: i32 = 2090;

/// A server with a certificate of its own authority, and nobody in it yet.
struct Server {
    running: Running,
    folder: TempDir,
    authority: Authority,
    client: Client,
    key: String,
}

impl Server {
    async fn start(toml: &str) -> Server {
        let (folder, authority) = folder(toml);
        let options = Options {
            local_key: true,
            tls_look: Some(LOOK),
            ..Options::default()
        };
        let running = lifecycle::start(&crate::common::config(folder.path()), options)
            .await
            .unwrap();
        Server {
            running,
            key: std::fs::read_to_string(folder.path().join("data/local.key")).unwrap(),
            client: authority.https(),
            folder,
            authority,
        }
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.running.address.port())
    }

    async fn get(&self, path: &str, cookie: &str) -> Response {
        let request = self.client.get(format!("https://{}{path}", self.host()));
        request.header("cookie", cookie).send().await.unwrap()
    }

    /// Makes the first account as its owner does, under this name of ours. The header that gives the cookie.
    async fn set_up(&self, host: &str) -> String {
        let link = self.running.set_up_at.as_ref().unwrap();
        let token = link.split("#t=").nth(1).unwrap();
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("token", token),
                ("email", "ada@example.com"),
                ("password", "an umbrella in march"),
            ])
            .finish();
        let answer = self
            .client
            .post(format!("https://{}/setup", self.host()))
            .header("host", host)
            .header("origin", format!("https://{host}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["set-cookie"].to_str().unwrap().to_owned()
    }

    /// A breaker opens, which boards show.
    async fn accept(&self, breaker: &str) {
        let answer = self
            .client
            .post(format!("https://{}/api/v1/events", self.host()))
            .bearer_auth(self.key.trim())
            .json(&crate::common::transition(breaker, "open"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }

    async fn metric(&self, name: &str) -> f64 {
        let answer = self
            .client
            .get(format!("https://{}/metrics", self.host()))
            .bearer_auth(self.key.trim());
        let body = answer.send().await.unwrap().text().await.unwrap();
        let line = body.lines().find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in {body}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// A new handshake: what it shows, and what was agreed on.
    async fn shake(
        &self,
        alpn: &[&str],
    ) -> Result<(CertificateDer<'static>, Option<Vec<u8>>), std::io::Error> {
        let stream = TcpStream::connect(self.running.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(self.authority.tls(alpn));
        let mut stream = connector.connect(name, stream).await?;
        // In TLS 1.3 a client has finished before the server has agreed.
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", text(&answer));
        let session = stream.get_ref().1;
        Ok((
            session.peer_certificates().unwrap()[0].clone().into_owned(),
            session.alpn_protocol().map(<[u8]>::to_vec),
        ))
    }

    async fn shown(&self) -> CertificateDer<'static> {
        self.shake(&[]).await.unwrap().0
    }

    /// Waits until a handshake shows this one.
    async fn shows(&self, wanted: &Issued) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.shown().await != wanted.der() {
            assert!(Instant::now() < until, "the new certificate is not shown");
            sleep(LOOK).await;
        }
    }

    async fn socket(&self, cookie: &str) -> Line {
        let mut request = format!("wss://{}/ws/v1", self.host())
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        headers.insert("origin", value(&format!("https://{}", self.host())));
        headers.insert("cookie", value(cookie));
        headers.insert("sec-websocket-protocol", value("fuseboard.v1.json"));
        let connector = Connector::Rustls(self.authority.tls(&[]));
        let (stream, _) =
            tokio_tungstenite::connect_async_tls_with_config(request, None, true, Some(connector))
                .await
                .unwrap();
        let mut line = Line(stream);
        let subscribe = protocol::json::encode_client(&ClientFrame::Subscribe {
            view: "board".into(),
            range: Range::M5,
            replay: None,
        });
        line.0.send(Message::text(subscribe)).await.unwrap();
        line
    }
}

/// A socket of a browser.
struct Line(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Line {
    /// Waits for a frame that has these words in it.
    async fn hears(&mut self, words: &str) {
        let hearing = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(frame))) if frame.contains(words) => return,
                    Some(Ok(_)) => {}
                    other => panic!("{words}: {other:?}"),
                }
            }
        };
        timeout(Duration::from_secs(10), hearing)
            .await
            .unwrap_or_else(|_| panic!("{words} does not come"));
    }
}

/// A folder with a configuration, a certificate and a page.
fn folder(toml: &str) -> (TempDir, Authority) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    authority.issue(GOOD).put(folder.path());
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
    let at = folder.path().display();
    let tls = format!("{toml}\n[tls]\ncert_file = \"{at}/cert.pem\"\nkey_file = \"{at}/key.pem\"\n");
    std::fs::write(folder.path().join("fuseboard.toml"), tls).unwrap();
    std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    (folder, authority)
}

/// What a browser sends back of the header that gave it a cookie.
fn cookie(set: &str) -> &str {
    set.split(';').next().unwrap()
}

fn hsts(answer: &Response) -> Option<&str> {
    let value = answer.headers().get("strict-transport-security")?;
    Some(value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_sockets_over_https() {
    let server = Server::start("").await;
    let link = server.running.set_up_at.clone().unwrap();
    assert!(link.starts_with("https://127.0.0.1:"), "{link}");
    let set = server.set_up(&server.host()).await;
    assert!(set.starts_with("__Host-fb_sid="), "{set}");
    assert!(set.contains("; Secure") && set.contains("; Path=/"), "{set}");

    server.accept("first-breaker").await;
    let page = server.get("/", cookie(&set)).await;
    assert_eq!(page.status(), 200);
    assert!(
        hsts(&page).is_none(),
        "it would hold for every port of this machine"
    );
    assert!(page.text().await.unwrap().contains("first-breaker"));
    let mut line = server.socket(cookie(&set)).await;
    line.hears("first-breaker").await;
    server.accept("over-tls").await;
    line.hears("over-tls").await;

    // Another site's page gets nothing, nor does the same name over http.
    for origin in [
        "https://evil.example".to_owned(),
        format!("http://{}", server.host()),
    ] {
        let asked = server
            .client
            .get(format!("https://{}/api/v1/board", server.host()));
        let asked = asked.header("cookie", cookie(&set)).header("origin", origin);
        assert_eq!(asked.send().await.unwrap().status(), 403);
    }
    let stopping = tokio::join!(server.running.stop(), line.hears("\"bye\""));
    assert!(stopping.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_elsewhere_are_told_to_come_over_https_only() {
    let server = Server::start("[server]\nexternal_url = \"https://board.example\"").await;
    let set = server.set_up("board.example").await;
    assert!(set.starts_with("__Host-fb_sid="), "{set}");
    for path in ["/login", "/livez", "/nothing", "/api/v1/board"] {
        let asked = server.client.get(format!("https://{}{path}", server.host()));
        let answer = asked.header("host", "board.example").send().await.unwrap();
        assert_eq!(hsts(&answer), Some("max-age=31536000"), "{path}");
    }
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_1_is_agreed_on_and_nothing_else() {
    let server = Server::start("").await;
    let agreed = async |alpn: &[&str]| server.shake(alpn).await.map(|(_, agreed)| agreed);
    assert_eq!(agreed(&[]).await.unwrap(), None);
    assert_eq!(
        agreed(&["h2", "http/1.1"]).await.unwrap(),
        Some(b"http/1.1".to_vec())
    );
    assert!(agreed(&["h2"]).await.is_err());
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_told_and_closed() {
    let server = Server::start("").await;
    let say = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(server.running.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // An end, not a reset: the answer can be read.
        timeout(Duration::from_secs(5), stream.read_to_end(&mut answer))
            .await
            .unwrap()
            .unwrap();
        text(&answer)
    };
    let told = say(b"GET / HTTP/1.1\r\nhost: localhost\r\ncookie: a=b\r\n\r\n").await;
    assert!(told.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{told}");
    assert!(told.ends_with("put https:// before the address."), "{told}");
    assert_eq!(say(b"\x00").await, "");
    assert!(!say(b"\x16\x03\x01\x00\x05hello").await.contains("HTTP"));
    assert_eq!(server.metric("fuseboard_tls_handshakes_failed_total").await, 3.0);
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pair_is_shown_and_open_connections_stay() {
    let server = Server::start("").await;
    let set = server.set_up(&server.host()).await;
    let mut line = server.socket(cookie(&set)).await;
    line.hears("{").await;
    let first = server.shown().await;
    let expires = server.metric("fuseboard_tls_certificate_expires_seconds").await;

    let second = server.authority.issue(2085);
    second.put(server.folder.path());
    server.shows(&second).await;
    let five_years = expires - server.metric("fuseboard_tls_certificate_expires_seconds").await;
    assert_eq!(five_years, f64::from(5 * 365 + 1) * 86_400.0);
    assert_ne!(first, second.der());
    server.accept("after-the-change").await;
    line.hears("after-the-change").await;

    // None of these is shown; the one before is, and the figures say so.
    let third = server.authority.issue(GOOD);
    let mut broken = server.authority.issue(GOOD);
    broken.cert.truncate(200);
    let expired = server.authority.issue(2021);
    let mixed = Issued {
        cert: third.cert.clone(),
        key: expired.key.clone(),
    };
    for (why, pair) in [("broken", &broken), ("expired", &expired), ("of two", &mixed)] {
        pair.put(server.folder.path());
        let until = Instant::now() + Duration::from_secs(10);
        while server.metric("fuseboard_tls_certificate_stale").await != 1.0 {
            assert!(Instant::now() < until, "{why}: nobody noticed");
            sleep(LOOK).await;
        }
        assert_eq!(server.shown().await, second.der(), "{why}");
        second.put(server.folder.path());
        while server.metric("fuseboard_tls_certificate_stale").await != 0.0 {
            assert!(Instant::now() < until, "{why}: it stays stale");
            sleep(LOOK).await;
        }
    }
    std::fs::remove_file(server.folder.path().join("key.pem")).unwrap();
    sleep(LOOK * 6).await;
    assert_eq!(server.shown().await, second.der(), "a file is missing");
    third.put(server.folder.path());
    server.shows(&third).await;
    assert_eq!(server.metric("fuseboard_tls_certificate_stale").await, 0.0);
    server.accept("at-the-end").await;
    line.hears("at-the-end").await;
    let stopping = tokio::join!(server.running.stop(), line.hears("\"bye\""));
    assert!(stopping.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_stall_keep_nobody_out() {
    let server = Server::start("").await;
    let begun = Instant::now();
    let mut stalled = Vec::new();
    for number in 0..400 {
        let mut stream = TcpStream::connect(server.running.address).await.unwrap();
        if number % 2 == 0 {
            // The head of a hello, and no more.
            stream.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
        }
        stalled.push(stream);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        server.shown().await;
        slowest = slowest.max(asked.elapsed());
    }
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "too slow to prove anything"
    );
    println!("400 handshakes stall; the slowest of 20 others took {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    for stream in &mut stalled {
        let mut rest = Vec::new();
        timeout(Duration::from_secs(15), stream.read_to_end(&mut rest))
            .await
            .expect("it is kept for ever")
            .unwrap();
    }
    let lasted = begun.elapsed();
    assert!(
        lasted > Duration::from_secs(8) && lasted < Duration::from_secs(18),
        "{lasted:?}"
    );
    let _late = TcpStream::connect(server.running.address).await.unwrap();
    let stopping = Instant::now();
    assert!(server.running.stop().await);
    assert!(
        stopping.elapsed() < Duration::from_secs(5),
        "nobody waits for a handshake at the end"
    );
}

/// Runs it to its end, with standard output.
fn of(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = run(folder, words);
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn push_transition(authority: &Authority, url: &str, key: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let status = runtime.block_on(async {
        let request = authority.https().post(format!("{url}/api/v1/events"));
        let key = std::fs::read_to_string(key).unwrap();
        let body = json!([crate::common::transition("over-tls", "open")]);
        request
            .bearer_auth(key.trim())
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
    });
    assert_eq!(status, 200);
}

#[test]
fn commands_talk_to_a_server_with_an_authority_of_its_own() {
    let (folder, authority) = folder("");
    let folder = folder.path();
    let serving = Serving::start(folder);
    assert!(serving.url.starts_with("https://127.0.0.1:"), "{}", serving.url);
    let url = serving.url.as_str();
    let listen = url.strip_prefix("https://").unwrap();

    let (code, said, _) = of(folder, &["healthcheck", "--listen", listen]);
    assert_eq!((code, said.as_str()), (Some(0), r#"{"status":"ready"}"#));
    assert_eq!(
        of(folder, &["healthcheck", "--url", url, "--ca-file", "ca.pem"]).0,
        Some(0)
    );
    let (code, _, why) = of(folder, &["healthcheck", "--url", url]);
    assert_eq!(code, Some(69), "the system does not know this authority: {why}");

    let with_key = ["--url", url, "--key-file", "data/local.key"];
    let simulate = ["simulate", "--for", "2s", "--scenario", "outage", "--rate", "50"];
    let trusting = ["--ca-file", "ca.pem"];
    let (code, said, why) = of(folder, &[&simulate[..], &with_key, &trusting].concat());
    assert_eq!(code, Some(0), "{why}");
    let told = said.lines().last().unwrap();
    assert!(
        !told.contains(" 0 accepted") && !told.contains("dropped"),
        "{told}"
    );
    assert_eq!(of(folder, &[&simulate[..], &with_key].concat()).0, Some(69));
    let (code, _, why) = of(
        folder,
        &[&simulate[..], &with_key, &["--ca-file", "data/local.key"]].concat(),
    );
    assert_eq!(code, Some(69));
    assert!(
        why.contains("data/local.key: holds no certificate in PEM"),
        "{why}"
    );

    let (code, _, why) = of(folder, &[&["tail"][..], &with_key].concat());
    assert_eq!(code, Some(69), "{why}");
    let mut tail = fuseboard(folder)
        .args([&["tail", "--json"][..], &with_key, &trusting].concat())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    push_transition(&authority, url, &folder.join("data/local.key"));
    let mut line = String::new();
    let read = std::io::BufReader::new(tail.stdout.take().unwrap()).read_line(&mut line);
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert!(read.unwrap() > 0 && line.starts_with('{'), "{line:?}");
    serving.stop();
}

#[test]
fn a_bad_pair_is_told_before_anything_is_touched() {
    let (folder, authority) = folder("");
    let folder = folder.path();
    let (code, _, told) = of(folder, &["check-config"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    std::fs::set_permissions(
        folder.join("key.pem"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let (code, _, told) = of(folder, &["check-config"]);
    assert_eq!(code, Some(0));
    assert!(told.contains("key.pem (mode 0644): chmod 600 it"), "{told}");

    authority.issue(2021).put(folder);
    let (code, said, _) = of(folder, &["check-config", "--json"]);
    assert_eq!(code, Some(64));
    assert!(
        said.contains("cert.pem has expired on 2021-01-01T00:00:00Z"),
        "{said}"
    );

    let own = std::fs::read_to_string(folder.join("cert.pem")).unwrap();
    authority.issue(GOOD).put(folder);
    std::fs::write(folder.join("cert.pem"), own).unwrap();
    for command in ["check-config", "serve"] {
        let (code, _, told) = of(folder, &[command]);
        assert_eq!(
            code,
            Some(if command == "serve" { 69 } else { 64 }),
            "{command}: {told}"
        );
        assert!(
            told.contains("does not belong to the certificate in"),
            "{command}: {told}"
        );
    }
    assert!(!folder.join("data").exists());
}

/// So that the table above cannot be met by a client that believes everybody.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_not_believed() {
    let server = Server::start("").await;
    let other = Authority::new();
    let asked = other.https().get(format!("https://{}/livez", server.host()));
    assert!(asked.send().await.unwrap_err().is_connect());
    let connector = TlsConnector::from(Arc::clone(&other.tls(&[])));
    let stream = TcpStream::connect(server.running.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    assert!(connector.connect(name, stream).await.is_err());
    assert!(server.running.stop().await);
}
