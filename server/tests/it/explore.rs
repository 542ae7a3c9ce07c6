//! The Explore page over REST, for our own page, and as a page; and markers.

use crate::common::TestServer;
use protocol::markers::Markers;
use protocol::query::QueryAnswer;
use protocol::view::Explored;
use serde_json::json;

async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let marker = json!([{ "type": "marker", "title": "v2 <b>", "kind": "deploy" }]);
    server.accept(&marker).await;
    server.push_two_providers().await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_and_the_query_behind_them_say_the_same() {
    let server = filled().await;
    let asked = "metric=requests&group_by=provider&filter=provider:openai&from=now-1h&to=now";
    let told: Explored = server.read(&format!("/api/v1/explore?{asked}")).await;
    assert_eq!(told.rows.len(), 1);
    assert_eq!(
        (told.rows[0].group[0].as_str(), told.rows[0].whole),
        ("openai", Some(30.0))
    );
    assert_eq!(told.markers[0].title, "v2 <b>");

    let build = server.shared().build.clone();
    let path = format!("/t/default/api/v1/explore?{asked}&build={build}");
    let response = server.packed(&path).await;
    assert_eq!(response.status(), 200);
    let same: Explored = postcard::from_bytes(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&same.asked, same.rows[0].whole),
        (&told.asked, told.rows[0].whole)
    );

    let steps = format!("from={}&to={}&step={}", told.from, told.to, told.step);
    let path =
        format!("/t/default/api/v1/query?metric=requests&group_by=provider&filter=provider:openai&{steps}");
    let answer: QueryAnswer = server.read(&path).await;
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
        let problem = server.refusal(&format!("/api/v1/explore?{query}"), 400).await;
        assert_eq!(problem["parameter"], parameter, "{query}");
    }
    assert_eq!(server.packed("/api/v1/explore").await.status(), 409);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_painted_with_its_figures_and_tells_nonsense_later() {
    let server = filled().await;
    for path in [
        "/explore",
        "/t/default/explore?metric=requests&group_by=provider&as=table",
    ] {
        let html = server.html(path).await;
        let place = |name: &str| html.find(&format!("<tr data-series=\"{name}\"")).unwrap();
        assert!(place("anthropic") < place("openai"), "{path}");
        assert!(html.contains(">40<"), "{path}");
        assert!(
            html.contains("v2 &lt;b&gt;") && !html.contains("v2 <b>"),
            "{path}"
        );
    }
    assert!(
        server
            .html("/explore?metric=speed")
            .await
            .contains("data-explore-waiting")
    );
    assert!(
        server
            .html("/explore?metric=cost&filter=provider:nobody")
            .await
            .contains("data-explore-empty")
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_have_an_address() {
    let server = filled().await;
    let markers: Markers = server.read("/api/v1/markers?from=now-1h").await;
    assert_eq!(
        (markers.items.len(), markers.items[0].kind.as_str()),
        (1, "deploy")
    );
    let none: Markers = server.read("/api/v1/markers?from=now-2h&to=now-1h").await;
    assert!(none.items.is_empty());
    server.refusal("/api/v1/markers?from=soon", 400).await;
    assert!(server.stop().await);
}
