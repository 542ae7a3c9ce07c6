//! The mistakes that senders are most likely to make, each sent to a running server, and its answer: the source of
//! `docs/BAD-INPUT.md`. `UPDATE_DOCS=1` writes the page; otherwise it must be what the server says today.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::common::{TestServer, call};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// One row of a table.
struct Row {
    mistake: String,
    sent: String,
    status: u16,
    answer: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the server said, in the words that help: the first refusal, or the problem's detail.
async fn said(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let retry = response
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().to_owned());
    let body: Value = response.json().await.unwrap();
    let refusals = body["errors"].as_array().or_else(|| body["refused"].as_array());
    let mut words: Vec<String> = refusals
        .into_iter()
        .flatten()
        .map(|refusal| {
            let word = |name: &str| refusal[name].as_str().unwrap().to_owned();
            let field = word("field");
            let field = if field.is_empty() {
                String::new()
            } else {
                format!("`{field}` ")
            };
            format!(
                "event {}: {field}{} (`{}`)",
                refusal["index"],
                word("reason"),
                word("code")
            )
        })
        .collect();
    if words.is_empty() {
        words.extend(body["detail"].as_str().map(ToOwned::to_owned));
    }
    if status == 200 {
        words.insert(
            0,
            format!("accepted {}, refused {}", body["accepted"], body["refused_count"]),
        );
    }
    let ignored: Vec<&str> = body["ignored_fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !ignored.is_empty() {
        words.push(format!("ignored: `{}`", ignored.join("`, `")));
    }
    words.extend(retry.map(|seconds| format!("Retry-After: {seconds}")));
    (status, words.join("; "))
}

async fn row(mistake: &str, sent: &str, request: RequestBuilder) -> Row {
    let (status, answer) = said(request.send().await.unwrap()).await;
    Row {
        mistake: mistake.into(),
        sent: sent.into(),
        status,
        answer,
    }
}

/// The bodies that the intake's own tests keep as files.
async fn bodies(server: &TestServer) -> Vec<Row> {
    let folder = root().join("crates/ingest/tests/mistakes");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let title = name
            .split_once('-')
            .map_or(name, |(_, title)| title)
            .replace('-', " ");
        let bytes = std::fs::read(&file).unwrap();
        let shown = String::from_utf8_lossy(&bytes)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        rows.push(row(&title, &shown, server.push().body(bytes)).await);
    }
    rows
}

/// Mistakes around the body.
async fn transport(server: &TestServer) -> Vec<Row> {
    let post = || server.client.post(server.url("/api/v1/events"));
    let json = || post().header("content-type", "application/json");
    let one = call("one").to_string();
    let many: Vec<Value> = (0..10_001).map(|n| call(&n.to_string())).collect();
    let mut rows = vec![
        row("no key", "no `Authorization` header", json().body(one.clone())).await,
        row(
            "key in the address",
            "`/api/v1/events?key=fb_…`",
            server
                .client
                .post(server.url("/api/v1/events?key=fb_x"))
                .header("content-type", "application/json")
                .body(one.clone()),
        )
        .await,
        row(
            "mistyped key",
            "`Authorization: Bearer fb_default_…` with a wrong character",
            json().bearer_auth(wrong(&server.key)).body(one.clone()),
        )
        .await,
        row(
            "key without its scheme",
            "`Authorization: fb_default_…`",
            json().header("authorization", &server.key).body(one.clone()),
        )
        .await,
        row(
            "no content type",
            "no `Content-Type` header",
            post().bearer_auth(&server.key).body(one.clone()),
        )
        .await,
        row(
            "curl's own content type",
            "`curl -d …` without `-H 'content-type: application/json'`",
            post()
                .bearer_auth(&server.key)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(one.clone()),
        )
        .await,
        row(
            "unknown encoding",
            "`Content-Encoding: br`",
            server.push().header("content-encoding", "br").body(one.clone()),
        )
        .await,
        row(
            "encoding named but not used",
            "`Content-Encoding: gzip`, plain JSON",
            server.push().header("content-encoding", "gzip").body(one.clone()),
        )
        .await,
        row(
            "too large",
            "5 MiB and one byte",
            server.push().body(vec![b' '; (5 << 20) + 1]),
        )
        .await,
        row(
            "a bomb",
            "64 MiB of spaces, zstd",
            server
                .push()
                .header("content-encoding", "zstd")
                .body(zstd::bulk::compress(&vec![b' '; 64 << 20], 19).unwrap()),
        )
        .await,
        row(
            "too many events",
            "10,001 events",
            server.push().body(json!(many).to_string()),
        )
        .await,
        row(
            "unusable idempotency key",
            "`Idempotency-Key: my key`",
            server
                .push()
                .header("idempotency-key", "my key")
                .body(one.clone()),
        )
        .await,
        row(
            "wrong method",
            "`GET /api/v1/events`",
            server.get("/api/v1/events").bearer_auth(&server.key),
        )
        .await,
        row(
            "wrong address",
            "`POST /api/v1/event`",
            server
                .client
                .post(server.url("/api/v1/event"))
                .bearer_auth(&server.key)
                .body(one.clone()),
        )
        .await,
    ];
    let first = server
        .push()
        .header("idempotency-key", "batch-7")
        .body(one)
        .send()
        .await
        .unwrap();
    assert_eq!(first.status(), 200);
    let reused = server
        .push()
        .header("idempotency-key", "batch-7")
        .body(call("two").to_string());
    rows.push(
        row(
            "idempotency key used again",
            "`Idempotency-Key: batch-7` with another body",
            reused,
        )
        .await,
    );
    rows
}

/// The key with its last character changed.
fn wrong(key: &str) -> String {
    let (rest, last) = key.split_at(key.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

fn table(page: &mut String, rows: &[Row]) {
    page.push_str("| | mistake | what is sent | status | the answer says |\n|---|---|---|---|---|\n");
    for (number, row) in rows.iter().enumerate() {
        let sent = if row.sent.contains('`') || row.sent.is_empty() || !row.sent.contains(['{', '[']) {
            cell(&row.sent)
        } else {
            format!("`{}`", cell(&shortened(&row.sent)))
        };
        let sent = if sent.is_empty() { "(nothing)".into() } else { sent };
        writeln!(
            page,
            "| {} | {} | {sent} | {} | {} |",
            number + 1,
            row.mistake,
            row.status,
            cell(&row.answer)
        )
        .unwrap();
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 160 {
        text.to_owned()
    } else {
        text.chars().take(157).chain("…".chars()).collect()
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_the_server_says() {
    let server = TestServer::start().await;
    let bodies = bodies(&server).await;
    let transport = transport(&server).await;
    assert!(server.stop().await);
    assert_eq!(bodies.len(), 20);
    for row in bodies.iter().chain(&transport) {
        assert!(
            row.status < 500 && !row.answer.is_empty(),
            "{}: {} {}",
            row.mistake,
            row.status,
            row.answer
        );
    }

    let mut page = String::from(
        "# Bad input\n\nWhat `POST /api/v1/events` answers to the mistakes that are most likely. This page is written by a test \
         (`server/tests/it/bad_input.rs`)\nthat sends each of them to a running server; `UPDATE_DOCS=1 cargo test --profile ci -p \
         server --test it bad_input` writes it again.\n\n## In the body\n\n",
    );
    table(&mut page, &bodies);
    page.push_str("\n## Around the body\n\n");
    table(&mut page, &transport);

    let path = root().join("docs/BAD-INPUT.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept, page,
        "docs/BAD-INPUT.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
