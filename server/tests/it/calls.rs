//! `GET /api/v1/calls`: single calls over HTTP, in all forms, page by page, and what is refused.

use crate::common::{TestServer, problem, transition};
use reqwest::Response;
use serde_json::{Value, json};

/// A call that ended so many milliseconds ago.
fn call(server: &TestServer, id: &str, ago: i64, provider: &str) -> Value {
    let now = server.shared().engine.clock().now();
    json!({
        "type": "call", "id": id, "time": now - ago, "provider": provider, "model": "meta/llama-3:70b",
        "outcome": "ok", "duration_ms": 420.5,
    })
}

/// Three requests: (a1, a2), (b1, a transition, b2), (c1).
async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let mut failed = call(&server, "b1", 30 * 60_000, "openai");
    failed["outcome"] = json!("timeout");
    failed["status"] = json!(504);
    failed["error"] = json!("=HYPERLINK(\"http://evil\"), and more");
    failed["breaker"] = json!("main");
    failed["labels"] = json!({ "team": "a" });
    for batch in [
        json!([
            call(&server, "a1", 500, "openai"),
            call(&server, "a2", 400, "mistral")
        ]),
        json!([
            failed,
            transition("main", "open"),
            call(&server, "b2", 300, "openai")
        ]),
        json!([call(&server, "c1", 3 * 3_600_000, "openai")]),
    ] {
        server.accept(&batch).await;
    }
    server
}

fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

async fn get(server: &TestServer, query: &[(&str, &str)]) -> Response {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let request = server.get(&format!("/api/v1/calls?{}", pairs.join("&")));
    request.send().await.unwrap()
}

async fn ask(server: &TestServer, query: &[(&str, &str)]) -> Value {
    let response = get(server, query).await;
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

fn ids(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_listed_filtered_and_paged() {
    let server = filled().await;
    let hour = ask(&server, &[]).await;
    assert_eq!(
        ids(&hour),
        ["b2", "b1", "a2", "a1"],
        "the last hour is the default"
    );
    assert_eq!(hour["next"], Value::Null);
    let failed = &hour["items"][1];
    assert_eq!(failed["duration_ms"], 420.5);
    assert_eq!(
        (&failed["status"], &failed["cost_usd"]),
        (&json!(504), &Value::Null)
    );
    assert_eq!(failed["labels"], json!({ "team": "a" }));

    let day = [("from", "now-24h")];
    assert_eq!(ids(&ask(&server, &day).await), ["c1", "b2", "b1", "a2", "a1"]);
    let old = [("from", "now-24h"), ("to", "now-2h")];
    assert_eq!(ids(&ask(&server, &old).await), ["c1"]);
    for (filter, found) in [
        ("provider:mistral", &["a2"][..]),
        ("provider:openai outcome:ok", &["b2", "a1"]),
        ("model:meta/llama-3:70b status:504 breaker:main", &["b1"]),
        ("outcome:quota", &[]),
    ] {
        assert_eq!(ids(&ask(&server, &[("filter", filter)]).await), found, "{filter}");
    }

    let mut cursor = String::new();
    let mut all = Vec::new();
    loop {
        let page = ask(
            &server,
            &[("from", "now-24h"), ("limit", "2"), ("cursor", cursor.as_str())],
        )
        .await;
        all.extend(ids(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(all, ["c1", "b2", "b1", "a2", "a1"]);

    // The journal answers, not the process that took the calls.
    let server = server.restart().await;
    assert_eq!(ids(&ask(&server, &day).await), ["c1", "b2", "b1", "a2", "a1"]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_come_as_lines_and_as_a_table() {
    let server = filled().await;
    let lines = server
        .get("/api/v1/calls?limit=3")
        .header("accept", "application/x-ndjson")
        .send()
        .await
        .unwrap();
    assert_eq!(lines.headers()["content-type"], "application/x-ndjson");
    let next = lines.headers()["x-next-cursor"].to_str().unwrap().to_owned();
    assert!(lines.headers().contains_key("x-scanned-to"));
    let text = lines.text().await.unwrap();
    assert!(text.ends_with('\n'));
    let items: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(ids(&json!({ "items": items })), ["b2", "b1", "a2"]);
    let rest = get(&server, &[("format", "ndjson"), ("cursor", &next)]).await;
    assert_eq!(rest.headers().get("x-next-cursor"), None);
    assert_eq!(rest.text().await.unwrap().lines().count(), 1);

    let table = get(&server, &[("format", "csv"), ("filter", "outcome:timeout")]).await;
    assert_eq!(
        table.headers()["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        table.headers()["content-disposition"],
        "attachment; filename=\"fuseboard-calls.csv\""
    );
    let text = table.text().await.unwrap();
    let rows: Vec<&str> = text.split("\r\n").collect();
    let columns = rows[0].split(',').count();
    assert!(
        rows[0].starts_with("time,received,id,provider,model,"),
        "{}",
        rows[0]
    );
    assert!(rows[1].contains(",504,\"'=HYPERLINK(\"\"http://evil\"\"), and more\","));
    assert!(rows[1].ends_with(",\"{\"\"team\"\":\"\"a\"\"}\""), "{}", rows[1]);
    // One cell of them has a comma.
    assert_eq!(rows[1].split(',').count(), columns + 1);
    assert_eq!(&rows[2..], [""]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_by_name() {
    let server = TestServer::start().await;
    for (query, parameter, words) in [
        ("fitler=x", "fitler", "is not a parameter of this address"),
        ("limit=0", "limit", "must be 1 to 1000, got `0`"),
        ("limit=1001", "limit", "must be 1 to 1000"),
        ("limit=5&limit=6", "limit", "given twice"),
        ("cursor=abc", "cursor", "`abc` is not a cursor of ours"),
        ("filter=colour:red", "filter", "unknown key `colour`"),
        ("from=yesterday", "from", "it is not a time"),
        ("to=now-2h", "from", "must be before"),
        ("format=xml", "format", "must be json, ndjson or csv"),
    ] {
        let response = server
            .get(&format!("/api/v1/calls?{query}"))
            .send()
            .await
            .unwrap();
        let (status, body) = problem(response).await;
        assert_eq!(status, 400, "{query}");
        assert_eq!(body["type"], "urn:fuseboard:problem:bad-parameter");
        assert_eq!(body["parameter"], parameter, "{query}");
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{query}: {detail}");
    }
    let posted = server
        .client
        .post(server.url("/api/v1/calls"))
        .bearer_auth(&server.key)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(posted).await.0, 405);
    assert!(server.stop().await);
}
