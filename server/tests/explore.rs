//! The Explore page over REST, for our own page, and as a page; and markers.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod common;

use common::TestServer;
use protocol::markers::Markers;
use protocol::query::QueryAnswer;
use protocol::view::Explored;
use serde_json::{Value, json};

const POSTCARD: &str = "application/vnd.fuseboard.postcard";

async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let call = |provider: &str, outcome: &str| json!({ "type": "call", "provider": provider, "model": "m", "outcome": outcome, "duration_ms": 400 });
    let mut events = vec![call("openai", "ok"); 30];
    events.extend(vec![call("anthropic", "timeout"); 40]);
    events.push(json!({ "type": "marker", "title": "v2 <b>", "kind": "deploy" }));
    server.accept(&Value::Array(events)).await;
    server
}

async fn html(server: &TestServer, path: &str) -> String {
    let response = server
        .get(path)
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_and_the_query_behind_them_say_the_same() {
    let server = filled().await;
    let asked = "metric=requests&group_by=provider&filter=provider:openai&from=now-1h&to=now";
    let response = server
        .get(&format!("/api/v1/explore?{asked}"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let told: Explored = response.json().await.unwrap();
    assert_eq!(told.rows.len(), 1);
    assert_eq!(
        (told.rows[0].group[0].as_str(), told.rows[0].whole),
        ("openai", Some(30.0))
    );
    assert_eq!(told.markers[0].title, "v2 <b>");

    let build = server.shared().build.clone();
    let path = format!("/t/default/api/v1/explore?{asked}&build={build}");
    let response = server.get(&path).header("accept", POSTCARD).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let same: Explored = postcard::from_bytes(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&same.asked, same.rows[0].whole),
        (&told.asked, told.rows[0].whole)
    );

    let steps = format!("from={}&to={}&step={}", told.from, told.to, told.step);
    let path =
        format!("/t/default/api/v1/query?metric=requests&group_by=provider&filter=provider:openai&{steps}");
    let answer: QueryAnswer = server.get(&path).send().await.unwrap().json().await.unwrap();
    let points: Vec<Option<f64>> = answer.series[0].points.iter().map(|(_, value)| *value).collect();
    assert_eq!(points, told.rows[0].points);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_by_its_parameter() {
    let server = filled().await;
    for (query, parameter) in [
        ("metric=speed", "metric"),
        ("metric=cost&group_by=colour", "group_by"),
        ("metric=cost&filter=colour:red", "filter"),
        ("metric=cost&from=soon", "from"),
        ("metric=cost&to=x", "to"),
        ("metric=cost&compare=next", "compare"),
        ("metric=cost&as=lines", "as"),
    ] {
        let response = server
            .get(&format!("/api/v1/explore?{query}"))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["parameter"], parameter, "{query}");
    }
    let response = server
        .get("/api/v1/explore")
        .header("accept", POSTCARD)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 409);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_painted_with_its_figures_and_tells_nonsense_later() {
    let server = filled().await;
    for path in [
        "/explore",
        "/t/default/explore?metric=requests&group_by=provider&as=table",
    ] {
        let html = html(&server, path).await;
        let place = |name: &str| html.find(&format!("<tr data-series=\"{name}\"")).unwrap();
        assert!(place("anthropic") < place("openai"), "{path}");
        assert!(html.contains(">40<"), "{path}");
        assert!(
            html.contains("v2 &lt;b&gt;") && !html.contains("v2 <b>"),
            "{path}"
        );
    }
    assert!(
        html(&server, "/explore?metric=speed")
            .await
            .contains("data-explore-waiting")
    );
    assert!(
        html(&server, "/explore?metric=cost&filter=provider:nobody")
            .await
            .contains("data-explore-empty")
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_have_an_address() {
    let server = filled().await;
    let markers: Markers = server
        .get("/api/v1/markers?from=now-1h")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (markers.items.len(), markers.items[0].kind.as_str()),
        (1, "deploy")
    );
    let none: Markers = server
        .get("/api/v1/markers?from=now-2h&to=now-1h")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(none.items.is_empty());
    let response = server.get("/api/v1/markers?from=soon").send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(server.stop().await);
}
