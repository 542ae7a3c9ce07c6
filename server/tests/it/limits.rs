//! What one request may cost: sizes after decompression, and time.

use std::time::Duration;

use crate::common::{TestServer, call, gzip, problem};
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
    let said = [
        (
            "/api/v1/events",
            format!("authorization: Bearer {}\r\n", server.key),
            "HTTP/1.1 408",
        ),
        ("/hooks/slack", String::new(), "HTTP/1.1 4"),
    ];
    for (path, more, expected) in said {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\n{more}content-type: application/json\r\ncontent-length: 100\r\n\r\n["
        );
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        server.accept(&call(path)).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "{path}: the connection was left open");
        assert!(
            answer.starts_with(expected.as_bytes()),
            "{path}: {}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_sends_too_much_waits_and_loses_nothing() {
    let toml = "[limits]\nevents_per_second = 20\n";
    let server = TestServer::start_configured(toml, Options::default()).await;
    let batch = |from: usize, to: usize| json!((from..to).map(|n| call(&n.to_string())).collect::<Vec<_>>());
    let first = server.push_json(&batch(0, 220)).await;
    assert_eq!(
        first.status(),
        200,
        "ten seconds of it at once, and a little more"
    );
    let refused = server.push_json(&batch(220, 230)).await;
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let (status, body) = problem(refused).await;
    assert_eq!(status, 429);
    assert!(body["type"].as_str().unwrap().ends_with(":over-quota"), "{body}");
    assert!(
        body["detail"].as_str().unwrap().contains("20 events per second"),
        "{body}"
    );
    assert!((1..=2).contains(&wait), "{wait}");
    let limits: Value = server.read("/api/v1/limits").await;
    assert_eq!(limits["items"][0]["name"], "events_per_second");
    assert_eq!(limits["items"][0]["cap"], 20);
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let again = server.accept(&batch(220, 230)).await;
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(10), &json!(0)),
        "nothing of it was kept"
    );
    assert!(server.stop().await);
}
