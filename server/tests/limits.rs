//! What one request may cost: sizes after decompression, and time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{TestServer, call, gzip, problem};
use serde_json::{Value, json};
use server::http::Patience;
use server::lifecycle::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn limits_count_after_decompression() {
    let server = TestServer::start().await;
    let many: Vec<Value> = (0..10_001).map(|n| call(&n.to_string())).collect();
    let (status, body) = problem(server.push_json(&json!(many)).await).await;
    assert_eq!(status, 413);
    assert!(body["detail"].as_str().unwrap().contains("10,001"), "{body}");

    let padded = |length: usize| {
        let mut text = json!([call("p")]).to_string();
        text.push_str(&" ".repeat(length - text.len()));
        text.into_bytes()
    };
    let limit = 5 << 20;
    let fits = server.push().body(padded(limit)).send().await.unwrap();
    assert_eq!(fits.status(), 200);
    let over = padded(limit + 1);
    assert_eq!(
        problem(server.push().body(over.clone()).send().await.unwrap())
            .await
            .0,
        413
    );
    // Without a length in front, as with `Transfer-Encoding: chunked`.
    let chunks = over
        .chunks(65_536)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect::<Vec<_>>();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    assert_eq!(
        problem(server.push().body(body).send().await.unwrap()).await.0,
        413
    );

    // 64 MiB of spaces in a few KiB.
    let bomb = vec![b' '; 64 << 20];
    for (encoding, body) in [
        ("gzip", gzip(&bomb)),
        ("zstd", zstd::bulk::compress(&bomb, 19).unwrap()),
    ] {
        assert!(body.len() < 100_000);
        let since = Instant::now();
        let response = server
            .push()
            .header("content-encoding", encoding)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(problem(response).await.0, 413, "{encoding}");
        assert!(
            since.elapsed() < Duration::from_secs(2),
            "{encoding} took too long"
        );
    }
    let board: Value = server.board().await;
    assert!(board["last_event"].is_i64(), "the one that fitted was kept");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_is_not_waited_for_and_does_not_hinder_others() {
    let patience = Patience {
        gap: Duration::from_millis(300),
        total: Duration::from_secs(2),
    };
    let server = TestServer::start_with(Options {
        patience,
        ..Options::default()
    })
    .await;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n[",
        server.key
    );
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    server.accept(&call("quick")).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the connection was left open");
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(server.stop().await);
}
