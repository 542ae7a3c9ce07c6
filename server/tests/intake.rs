//! `POST /api/v1/events` over real sockets: the table of statuses, limits, repeats.

mod common;

use std::io::Write;
use std::time::Duration;

use common::{TestServer, call};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use server::http::Patience;
use server::lifecycle::Options;
use store::{Scope, TenantId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn problem(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status, "{body}");
    for member in ["type", "title", "detail", "instance"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {body}");
    }
    (status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted() {
    let server = TestServer::start().await;
    let answer = server.accept(&json!({ "events": [call("a"), call("b"), call("a")] })).await;
    let expected = json!({ "accepted": 2, "duplicates": 1, "refused_count": 0, "refused": [], "ignored_fields": [] });
    assert_eq!(answer, expected);

    let mixed = json!([call("c"), { "type": "call", "provider": "x", "model": "y", "outcome": "ok", "duration_ms": -1 }]);
    let answer = server.accept(&mixed).await;
    assert_eq!((&answer["accepted"], &answer["refused_count"]), (&json!(1), &json!(1)));
    assert_eq!(answer["refused"][0]["index"], 1);
    assert_eq!(answer["refused"][0]["field"], "duration_ms");
    assert_eq!(answer["refused"][0]["code"], "out_of_range");

    let mut odd = call("d");
    odd["colour"] = "red".into();
    assert_eq!(server.accept(&odd).await["ignored_fields"], json!(["colour"]));
    assert_eq!(server.accept(&json!({ "events": [] })).await["accepted"], 0);
    assert_eq!(server.accept(&json!([call("a"), call("b")])).await["duplicates"], 2, "all duplicates is a 200");

    let lines = format!("{}\n\n{}\nnot json\n", call("e"), call("f"));
    let response = server
        .client
        .post(server.url("/api/v1/events"))
        .bearer_auth(&server.key)
        .header("content-type", "application/x-ndjson")
        .body(lines)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert_eq!((&answer["accepted"], &answer["refused"][0]["index"]), (&json!(2), &json!(2)));

    for (encoding, body) in [
        ("gzip", gzip(call("g").to_string().as_bytes())),
        ("zstd", zstd::bulk::compress(call("h").to_string().as_bytes(), 3).unwrap()),
        ("identity", call("i").to_string().into_bytes()),
    ] {
        let response = server.push().header("content-encoding", encoding).body(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{encoding}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_as_a_whole() {
    let server = TestServer::start().await;
    let post = || server.client.post(server.url("/api/v1/events"));

    let (status, _) = problem(server.push().body("{").send().await.unwrap()).await;
    assert_eq!(status, 400);
    let (status, body) = problem(server.push_json(&json!([{ "type": "call" }, { "type": "nope" }])).await).await;
    assert_eq!(status, 400);
    assert_eq!(body["errors"].as_array().unwrap().len(), 2, "{body}");
    assert_eq!(body["refused_count"], 2);

    let response = post().header("content-type", "application/json").body("[]").send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"fuseboard\"");
    assert_eq!(problem(response).await.0, 401);
    let response = post().bearer_auth("fb_default_0000000000_x_y").body("[]").send().await.unwrap();
    assert!(response.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    assert_eq!(problem(response).await.0, 401);
    let response = server.client.post(server.url(&format!("/api/v1/events?key={}", server.key))).body("[]").send().await.unwrap();
    let (status, body) = problem(response).await;
    assert_eq!(status, 401);
    assert!(body["detail"].as_str().unwrap().contains("header"), "{body}");

    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let response = post().bearer_auth(&server.key).header("content-type", content_type).body("[]").send().await;
        assert_eq!(problem(response.unwrap()).await.0, 415, "{content_type}");
    }
    assert_eq!(problem(post().bearer_auth(&server.key).body("[]").send().await.unwrap()).await.0, 415);
    let response = server.push().header("content-encoding", "br").body("[]").send().await.unwrap();
    assert_eq!(problem(response).await.0, 415);
    let response = server.push().header("content-encoding", "gzip").body("[]").send().await.unwrap();
    assert_eq!(problem(response).await.0, 400);
    for key in ["", "a b", &"x".repeat(129)] {
        let response = server.push().header("idempotency-key", key).body("[]").send().await.unwrap();
        assert_eq!(problem(response).await.0, 400, "{key:?}");
    }
    let response = server.get("/api/v1/events").send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(problem(response).await.0, 405);
    assert!(server.stop().await);
}

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
    assert_eq!(problem(server.push().body(over.clone()).send().await.unwrap()).await.0, 413);
    // Without a length in front, as with `Transfer-Encoding: chunked`.
    let chunks = over.chunks(65_536).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    assert_eq!(problem(server.push().body(body).send().await.unwrap()).await.0, 413);

    // 64 MiB of spaces in a few KiB.
    let bomb = vec![b' '; 64 << 20];
    for (encoding, body) in [("gzip", gzip(&bomb)), ("zstd", zstd::bulk::compress(&bomb, 19).unwrap())] {
        assert!(body.len() < 100_000);
        let since = Instant::now();
        let response = server.push().header("content-encoding", encoding).body(body).send().await.unwrap();
        assert_eq!(problem(response).await.0, 413, "{encoding}");
        assert!(since.elapsed() < Duration::from_secs(2), "{encoding} took too long");
    }
    let board: Value = server.get("/api/v1/board").send().await.unwrap().json().await.unwrap();
    assert!(board["last_event"].is_i64(), "the one that fitted was kept");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sender_is_not_waited_for_and_does_not_hinder_others() {
    let patience = Patience { gap: Duration::from_millis(300), total: Duration::from_secs(2) };
    let server = TestServer::start_with(Options { patience, ..Options::default() }).await;
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
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_what_they_say_until_they_are_revoked() {
    let server = TestServer::start().await;
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let opened = server::stores::open_keys(&common::config(server.data_dir().parent().unwrap())).await.unwrap();
    let make = async |name: &str, scopes: &[Scope]| {
        server::auth::create_key(opened.keys.as_ref(), &scope, name, scopes, "test", 1).await.unwrap()
    };
    let (writer, key) = make("writer", &[Scope::IngestWrite]).await;
    let (reader, _) = make("reader", &[Scope::MetricsRead]).await;
    let push = |key: &str| server.push().bearer_auth(key).body("[]").send();
    let read = |key: &str| server.get("/api/v1/board").bearer_auth(key).send();

    // reqwest would send both: a request with two keys is refused.
    assert_eq!(push(&writer).await.unwrap().status(), 401);
    let push = |key: &str| {
        let request = server.client.post(server.url("/api/v1/events")).bearer_auth(key);
        request.header("content-type", "application/json").body("[]").send()
    };
    assert_eq!(push(&writer).await.unwrap().status(), 200);
    assert_eq!(read(&reader).await.unwrap().status(), 200);
    for response in [push(&reader).await.unwrap(), read(&writer).await.unwrap()] {
        assert!(response.headers()["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
        assert_eq!(problem(response).await.0, 403);
    }

    let audit = store::AuditEntry {
        at: 2,
        actor: "test".into(),
        action: "key.revoke".into(),
        target: key.id.clone(),
        detail: String::new(),
    };
    assert!(opened.keys.revoke(&scope, &key.id, 2, audit).await.unwrap().is_some());
    let since = Instant::now();
    while push(&writer).await.unwrap().status() == 200 {
        assert!(since.elapsed() < Duration::from_secs(5), "a revoked key still works");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(read(&reader).await.unwrap().status(), 200, "others are not touched");
    opened.close().await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_are_known_across_a_restart() {
    let server = TestServer::start().await;
    let body = json!([call("once"), { "type": "nope" }]);
    let push = async |server: &TestServer, body: &Value| {
        server.push().header("idempotency-key", "batch-1").body(body.to_string()).send().await.unwrap()
    };
    let first: Value = push(&server, &body).await.json().await.unwrap();
    assert_eq!((&first["accepted"], &first["refused_count"]), (&json!(1), &json!(1)));
    assert!(first.get("replayed").is_none());

    let expected = json!({
        "accepted": 1, "duplicates": 0, "refused_count": 1, "refused": [], "ignored_fields": [], "replayed": true,
    });
    assert_eq!(push(&server, &body).await.json::<Value>().await.unwrap(), expected);
    assert_eq!(problem(push(&server, &json!([call("other")])).await).await.0, 422);

    let server = server.restart().await;
    assert_eq!(push(&server, &body).await.json::<Value>().await.unwrap(), expected);
    assert_eq!(problem(push(&server, &json!([call("other")])).await).await.0, 422);
    assert_eq!(server.accept(&call("once")).await["duplicates"], 1, "the id is known too");
    let board: Value = server.get("/api/v1/board").send().await.unwrap().json().await.unwrap();
    assert!(board["last_event"].is_i64(), "live state came back");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_200_is_remembered() {
    let server = TestServer::start().await;
    let push = async |body: Value| {
        server.push().header("idempotency-key", "k").body(body.to_string()).send().await.unwrap().status()
    };
    assert_eq!(push(json!([{ "type": "nope" }])).await, 400);
    assert_eq!(push(json!([call("x")])).await, 200, "the refused body did not take the key");
    assert!(server.stop().await);
}
