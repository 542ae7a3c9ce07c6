//! `POST /api/v1/events` over real sockets: the table of statuses, keys, repeats.

use std::time::Duration;

use crate::common::{TestServer, call, gzip, problem};
use serde_json::{Value, json};
use store::{Scope, TenantId};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted() {
    let server = TestServer::start().await;
    let answer = server
        .accept(&json!({ "events": [call("a"), call("b"), call("a")] }))
        .await;
    let expected =
        json!({ "accepted": 2, "duplicates": 1, "refused_count": 0, "refused": [], "ignored_fields": [] });
    assert_eq!(answer, expected);

    let mixed = json!([call("c"), { "type": "call", "provider": "x", "model": "y", "outcome": "ok", "duration_ms": -1 }]);
    let answer = server.accept(&mixed).await;
    assert_eq!(
        (&answer["accepted"], &answer["refused_count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(answer["refused"][0]["index"], 1);
    assert_eq!(answer["refused"][0]["field"], "duration_ms");
    assert_eq!(answer["refused"][0]["code"], "out_of_range");

    let mut odd = call("d");
    odd["colour"] = "red".into();
    assert_eq!(server.accept(&odd).await["ignored_fields"], json!(["colour"]));
    assert_eq!(server.accept(&json!({ "events": [] })).await["accepted"], 0);
    assert_eq!(
        server.accept(&json!([call("a"), call("b")])).await["duplicates"],
        2,
        "all duplicates is a 200"
    );

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
    assert_eq!(
        (&answer["accepted"], &answer["refused"][0]["index"]),
        (&json!(2), &json!(2))
    );

    for (encoding, body) in [
        ("gzip", gzip(call("g").to_string().as_bytes())),
        (
            "zstd",
            zstd::bulk::compress(call("h").to_string().as_bytes(), 3).unwrap(),
        ),
        ("identity", call("i").to_string().into_bytes()),
    ] {
        let response = server
            .push()
            .header("content-encoding", encoding)
            .body(body)
            .send()
            .await
            .unwrap();
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
    let (status, body) = problem(
        server
            .push_json(&json!([{ "type": "call" }, { "type": "nope" }]))
            .await,
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(body["errors"].as_array().unwrap().len(), 2, "{body}");
    assert_eq!(body["refused_count"], 2);

    let response = post()
        .header("content-type", "application/json")
        .body("[]")
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"fuseboard\""
    );
    assert_eq!(problem(response).await.0, 401);
    let response = post()
        .bearer_auth("fb_default_0000000000_x_y")
        .body("[]")
        .send()
        .await
        .unwrap();
    assert!(
        response.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
    assert_eq!(problem(response).await.0, 401);
    let response = server
        .client
        .post(server.url(&format!("/api/v1/events?key={}", server.key)))
        .body("[]")
        .send()
        .await
        .unwrap();
    let (status, body) = problem(response).await;
    assert_eq!(status, 401);
    assert!(body["detail"].as_str().unwrap().contains("header"), "{body}");

    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let response = post()
            .bearer_auth(&server.key)
            .header("content-type", content_type)
            .body("[]")
            .send()
            .await;
        assert_eq!(problem(response.unwrap()).await.0, 415, "{content_type}");
    }
    assert_eq!(
        problem(post().bearer_auth(&server.key).body("[]").send().await.unwrap())
            .await
            .0,
        415
    );
    let response = server
        .push()
        .header("content-encoding", "br")
        .body("[]")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(response).await.0, 415);
    let response = server
        .push()
        .header("content-encoding", "gzip")
        .body("[]")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(response).await.0, 400);
    for key in ["", "a b", &"x".repeat(129)] {
        let response = server
            .push()
            .header("idempotency-key", key)
            .body("[]")
            .send()
            .await
            .unwrap();
        assert_eq!(problem(response).await.0, 400, "{key:?}");
    }
    let response = server.get("/api/v1/events").send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(problem(response).await.0, 405);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_what_they_say_until_they_are_revoked() {
    let server = TestServer::start().await;
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let opened = server::stores::open_keys(&crate::common::config(server.data_dir().parent().unwrap()))
        .await
        .unwrap();
    let make = async |name: &str, scopes: &[Scope]| {
        let wanted = server::auth::NewKey {
            name,
            scopes,
            ..server::auth::NewKey::default()
        };
        server::auth::create_key(
            opened.keys.as_ref(),
            &scope,
            wanted,
            &server::auth::By::here("test", 1),
        )
        .await
        .unwrap()
    };
    let (writer, key) = make("writer", &[Scope::IngestWrite]).await;
    let (reader, _) = make("reader", &[Scope::MetricsRead]).await;
    let push = |key: &str| server.push().bearer_auth(key).body("[]").send();
    let read = |key: &str| server.get("/api/v1/board").bearer_auth(key).send();

    // reqwest would send both: a request with two keys is refused.
    assert_eq!(push(&writer).await.unwrap().status(), 401);
    let push = |key: &str| {
        let request = server.client.post(server.url("/api/v1/events")).bearer_auth(key);
        request
            .header("content-type", "application/json")
            .body("[]")
            .send()
    };
    assert_eq!(push(&writer).await.unwrap().status(), 200);
    assert_eq!(read(&reader).await.unwrap().status(), 200);
    for response in [push(&reader).await.unwrap(), read(&writer).await.unwrap()] {
        assert!(
            response.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("insufficient_scope")
        );
        assert_eq!(problem(response).await.0, 403);
    }

    let audit = store::AuditEntry {
        at: 2,
        actor: "test".into(),
        action: "key.revoke".into(),
        target: key.id.clone(),
        ..store::AuditEntry::default()
    };
    assert!(
        opened
            .keys
            .revoke(&scope, &key.id, 2, audit)
            .await
            .unwrap()
            .is_some()
    );
    let since = Instant::now();
    while push(&writer).await.unwrap().status() == 200 {
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "a revoked key still works"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        read(&reader).await.unwrap().status(),
        200,
        "others are not touched"
    );
    opened.close().await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_are_known_across_a_restart() {
    let server = TestServer::start().await;
    let body = json!([call("once"), { "type": "nope" }]);
    let push = async |server: &TestServer, body: &Value| {
        server
            .push()
            .header("idempotency-key", "batch-1")
            .body(body.to_string())
            .send()
            .await
            .unwrap()
    };
    let first: Value = push(&server, &body).await.json().await.unwrap();
    assert_eq!(
        (&first["accepted"], &first["refused_count"]),
        (&json!(1), &json!(1))
    );
    assert!(first.get("replayed").is_none());

    let expected = json!({
        "accepted": 1, "duplicates": 0, "refused_count": 1, "refused": [], "ignored_fields": [], "replayed": true,
    });
    assert_eq!(
        push(&server, &body).await.json::<Value>().await.unwrap(),
        expected
    );
    assert_eq!(problem(push(&server, &json!([call("other")])).await).await.0, 422);

    let server = server.restart().await;
    assert_eq!(
        push(&server, &body).await.json::<Value>().await.unwrap(),
        expected
    );
    assert_eq!(problem(push(&server, &json!([call("other")])).await).await.0, 422);
    assert_eq!(
        server.accept(&call("once")).await["duplicates"],
        1,
        "the id is known too"
    );
    let board: Value = server.board().await;
    assert!(board["last_event"].is_i64(), "live state came back");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_200_is_remembered() {
    let server = TestServer::start().await;
    let push = async |body: Value| {
        server
            .push()
            .header("idempotency-key", "k")
            .body(body.to_string())
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(push(json!([{ "type": "nope" }])).await, 400);
    assert_eq!(
        push(json!([call("x")])).await,
        200,
        "the refused body did not take the key"
    );
    assert!(server.stop().await);
}

/// A client that lost patience sends again while its first request is still being worked on: it is told to wait, and
/// nobody else is made to.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_in_flight_is_told_and_blocks_nobody() {
    let server = TestServer::start().await;
    let body = json!(vec![call("m"); 2_000]).to_string();
    let (mut taken, mut waiting) = (0, 0);
    for round in 0..20 {
        let send = || {
            let request = server.push().header("idempotency-key", format!("retry-{round}"));
            request.body(body.clone()).timeout(Duration::from_secs(10)).send()
        };
        for answer in futures::future::join_all((0..8).map(|_| send())).await {
            let answer = answer.expect("every request is answered");
            match answer.status().as_u16() {
                200 => taken += u32::from(answer.json::<Value>().await.unwrap()["replayed"] != json!(true)),
                409 => {
                    assert_eq!(answer.headers()["retry-after"], "1");
                    waiting += 1;
                }
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(taken, 20, "each once");
    assert!(waiting > 0, "no two requests met: the test shows nothing");
    assert_eq!(server.accept(&json!([call("another")])).await["accepted"], 1);
}
