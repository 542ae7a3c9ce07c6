//! The live stream over real sockets: it converges to what is stored, survives slow clients, and says goodbye.

use std::time::Duration;

use crate::common::{Said, Socket, TestServer, call, transition};
use protocol::replica::Replica;
use protocol::view::Board;
use protocol::{ServerFrame, State};
use serde_json::{Value, json};
use store::{AuditEntry, TenantId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

fn state(replica: &Replica, breaker: &str) -> Option<State> {
    replica
        .board()?
        .breakers
        .iter()
        .find(|row| row.breaker == breaker)
        .map(|row| row.state)
}

/// What does not depend on the second in which it was computed.
fn lasting(board: &Board) -> Value {
    let breakers: Vec<Value> = board
        .breakers
        .iter()
        .map(|row| {
            json!([
                row.id,
                row.breaker,
                row.provider,
                row.state,
                row.since,
                row.counts,
                row.agree,
                row.reason
            ])
        })
        .collect();
    let providers: Vec<&str> = board.providers.iter().map(|row| row.name.as_str()).collect();
    json!({ "breakers": breakers, "providers": providers, "feed": board.feed, "last_event": board.last_event })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_arrives_at_once_and_the_replica_equals_the_board() {
    let server = TestServer::start().await;
    server
        .accept(&json!([call("a"), transition("chat", "closed")]))
        .await;
    let mut socket = server.socket().await;
    assert_eq!(socket.protocol.as_deref(), Some("fuseboard.v1.json"));
    assert!(
        matches!(socket.next().await, Said::Frame(ServerFrame::Hello(hello)) if hello.tenant == "default")
    );
    socket.subscribe("board").await;
    socket
        .until(|replica| state(replica, "chat") == Some(State::Closed))
        .await;

    for (to, expected) in [
        ("open", State::Open),
        ("half_open", State::HalfOpen),
        ("closed", State::Closed),
    ] {
        let since = Instant::now();
        server.accept(&transition("chat", to)).await;
        socket
            .until(|replica| state(replica, "chat") == Some(expected))
            .await;
        assert!(
            since.elapsed() < Duration::from_secs(1),
            "{to} took {:?}",
            since.elapsed()
        );
    }
    server
        .accept(&json!([
            call("b"),
            transition("embed", "open"),
            transition("rerank", "forced_open")
        ]))
        .await;
    socket.until(|replica| state(replica, "rerank").is_some()).await;
    // One more second, so that the last figures are in.
    let until = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < until {
        socket.take().await;
    }
    let board: Board = server.board().await;
    assert_eq!(lasting(socket.replica.board().unwrap()), lasting(&board));
    assert_eq!(board.breakers.len(), 3);
    assert!(board.points.is_empty(), "points come over the socket only");
    assert!(!socket.replica.board().unwrap().points.is_empty());

    let id = board.breakers[0].id.clone();
    socket.subscribe(&format!("breaker:{id}")).await;
    socket
        .until(|replica| replica.breaker(&id).flatten().is_some())
        .await;
    let response = server
        .get(&format!("/api/v1/breakers/{id}"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["breaker"]["id"], id);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_same_build_speaks_postcard() {
    let server = TestServer::start().await;
    let build = server.shared().build.clone();
    let open = async |query: String| {
        let origin = HeaderValue::from_str(&format!("http://{}", server.address)).unwrap();
        let cookie = HeaderValue::from_str(&server.cookie).unwrap();
        let uri = format!("ws://{}/t/default/ws/v1?{query}", server.address)
            .parse()
            .unwrap();
        server
            .socket_with(|request| {
                *request.uri_mut() = uri;
                let offer = HeaderValue::from_static("fuseboard.v1.postcard, fuseboard.v1.json");
                request.headers_mut().insert("sec-websocket-protocol", offer);
                request.headers_mut().insert("origin", origin);
                request.headers_mut().insert("cookie", cookie);
            })
            .await
            .unwrap()
    };
    let mut same = open(format!("build={build}")).await;
    assert_eq!(same.protocol.as_deref(), Some("fuseboard.v1.postcard"));
    let subscribe = protocol::ClientFrame::Subscribe {
        view: "board".into(),
        range: protocol::Range::M5,
        replay: None,
    };
    same.send_message(Message::binary(protocol::codec::encode_client(&subscribe)))
        .await;
    same.until(|replica| replica.board().is_some()).await;
    let other = open("build=other".into()).await;
    assert_eq!(other.protocol.as_deref(), Some("fuseboard.v1.json"));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_and_the_socket_stays_open() {
    let server = TestServer::start().await;
    let mut socket = server.browser_socket().await;
    socket.take().await;
    let error = async |socket: &mut Socket| loop {
        if let Said::Frame(ServerFrame::Error { code, .. }) = socket.next().await {
            return code;
        }
    };
    socket.send("not json".into()).await;
    assert_eq!(error(&mut socket).await, "bad_frame");
    socket.subscribe("nonsense").await;
    assert_eq!(error(&mut socket).await, "unknown_view");
    socket.send_message(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(error(&mut socket).await, "bad_frame");
    for n in 0..9 {
        socket.subscribe(&format!("breaker:b_000000000000000{n}")).await;
    }
    assert_eq!(error(&mut socket).await, "too_many_views");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_and_giants_end_the_socket() {
    let server = TestServer::start().await;
    let mut socket = server.browser_socket().await;
    for _ in 0..40 {
        socket
            .send(json!({ "t": "pause", "on": false }).to_string())
            .await;
    }
    let (bye, code) = socket.end().await;
    assert_eq!(code.or(bye.map(|bye| bye.code)), Some(1008));
    let mut socket = server.browser_socket().await;
    socket.send("x".repeat(70_000)).await;
    let (bye, code) = socket.end().await;
    assert!(matches!(
        code.or(bye.map(|bye| bye.code)),
        Some(1002 | 1009) | None
    ));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_has_ten_sockets() {
    let server = TestServer::start().await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut socket = server.socket().await;
        socket.take().await;
        open.push(socket);
    }
    let (bye, code) = server.socket().await.end().await;
    assert_eq!((bye.unwrap().code, code), (4009, Some(4009)));
    server.browser_socket().await.take().await;
    drop(open.pop());
    let mut again = None;
    for _ in 0..50 {
        let mut socket = server.socket().await;
        if matches!(socket.next().await, Said::Frame(ServerFrame::Hello(_))) {
            again = Some(socket);
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(again.is_some(), "the place was not given back");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_its_sockets() {
    let server = TestServer::start().await;
    let mut socket = server.socket().await;
    socket.subscribe("board").await;
    socket.until(|replica| replica.board().is_some()).await;
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let opened = server::stores::open_keys(&crate::common::config(server.data_dir().parent().unwrap()))
        .await
        .unwrap();
    let audit = AuditEntry {
        at: 1,
        actor: "t".into(),
        action: "key.revoke".into(),
        target: "local".into(),
        ..AuditEntry::default()
    };
    opened
        .keys
        .revoke(&scope, "local", 1, audit)
        .await
        .unwrap()
        .unwrap();
    let since = Instant::now();
    let (bye, code) = socket.end().await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert_eq!((bye.unwrap().code, code), (4401, Some(4401)));
    let refused = server.socket_with(|request| {
        let value = HeaderValue::from_str(&format!("Bearer {}", server.key)).unwrap();
        request.headers_mut().insert("authorization", value);
    });
    assert!(matches!(refused.await, Err(Error::Http(response)) if response.status() == 401));
    opened.close().await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_says_goodbye_and_when_to_come_back() {
    let mut server = TestServer::start().await;
    server.accept(&transition("chat", "open")).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut socket = server.browser_socket().await;
        socket.subscribe("board").await;
        socket.until(|replica| replica.board().is_some()).await;
        sockets.push(socket);
    }
    let since = Instant::now();
    let stopped = server.stop_in_background();
    for socket in &mut sockets {
        let (bye, code) = socket.end().await;
        let bye = bye.expect("a goodbye");
        assert_eq!((bye.code, code), (1001, Some(1001)));
        assert!((250..2_000).contains(&bye.retry_after_ms), "{bye:?}");
    }
    assert!(stopped.await.unwrap(), "not a clean stop");
    assert!(since.elapsed() < Duration::from_secs(10));
}

/// A client that subscribes and then does not read.
async fn stalled(server: &TestServer) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    let (host, cookie) = (server.address, &server.cookie);
    let head = format!(
        "GET /ws/v1 HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         cookie: {cookie}\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let frame = json!({ "t": "subscribe", "view": "board", "range": "5m" }).to_string();
    // A masked text frame; with a mask of zeros the text stays as it is.
    let mut bytes = vec![0x81, 0x80 | frame.len() as u8, 0, 0, 0, 0];
    bytes.extend_from_slice(frame.as_bytes());
    stream.write_all(&bytes).await.unwrap();
    stream
}

async fn metric(server: &TestServer, name: &str) -> f64 {
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")))
        .unwrap_or_else(|| panic!("{name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_gets_a_fresh_snapshot_and_hinders_nobody() {
    let server = TestServer::start().await;
    let mut slow = stalled(&server).await;
    let mut healthy = server.browser_socket().await;
    healthy.subscribe("board").await;
    healthy.until(|replica| replica.board().is_some()).await;

    let began = Instant::now();
    let mut worst = Duration::ZERO;
    let mut round = 0;
    while metric(&server, "fuseboard_resyncs_total").await < 1.0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the slow client was never given up"
        );
        let to = if round % 2 == 0 { "open" } else { "closed" };
        let wanted = if round % 2 == 0 {
            State::Open
        } else {
            State::Closed
        };
        round += 1;
        let events: Vec<Value> = (0..300)
            .map(|n| transition(&format!("breaker-number-{n}"), to))
            .collect();
        server.accept(&json!(events)).await;
        let since = Instant::now();
        healthy
            .until(|replica| state(replica, "breaker-number-299") == Some(wanted))
            .await;
        worst = worst.max(since.elapsed());
    }
    assert!(
        worst < Duration::from_secs(1),
        "a healthy client waited {worst:?}"
    );

    // Now the slow one reads: it is told to start over, and gets a snapshot.
    let mut read = Vec::new();
    let found = timeout(Duration::from_secs(15), async {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = slow.read(&mut buffer).await.unwrap();
            assert!(count > 0, "closed instead of resynchronised");
            read.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&read);
            if let Some(at) = text.find("{\"t\":\"resync\"")
                && text[at..].contains("{\"t\":\"snapshot\"")
            {
                return;
            }
        }
    });
    found.await.expect("no resync and snapshot");
    drop(slow);
    assert!(server.stop().await);
}
