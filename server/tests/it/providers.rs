//! The Providers page over REST, for our own page, and as a page.

use crate::common::{POSTCARD, TestServer};
use protocol::limits::Limits;
use protocol::view::{ProviderPage, Providers};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_say_the_same() {
    let server = TestServer::with_two_providers().await;
    let response = server
        .get("/api/v1/providers?from=now-1h&to=now")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let told: Providers = response.json().await.unwrap();
    let names: Vec<&str> = told.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["anthropic", "openai"]);
    assert_eq!(told.rows[0].said.words, "0% ok");

    let build = server.shared().build.clone();
    let response = server
        .packed(&format!("/api/v1/providers?from=now-1h&to=now&build={build}"))
        .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], POSTCARD);
    let bytes = response.bytes().await.unwrap();
    let mut same: Providers = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(
        (same.asked_from.as_str(), same.words.as_str()),
        ("now-1h", "Last hour")
    );
    // It was asked a moment later.
    (same.from, same.to, same.as_of) = (told.from, told.to, told.as_of);
    for (one, other) in same.rows.iter_mut().zip(&told.rows) {
        one.rate = other.rate;
        one.strip.clone_from(&other.strip);
    }
    same.lines = told.lines.clone();
    assert_eq!(same, told);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_build_and_nonsense_are_refused() {
    let server = TestServer::with_two_providers().await;
    for query in ["", "?build=other"] {
        let response = server.packed(&format!("/api/v1/providers{query}")).await;
        assert_eq!(response.status(), 409, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["type"], "urn:fuseboard:problem:other-build");
    }
    for (query, parameter) in [
        ("from=soon", "from"),
        ("to=now-2d", "from"),
        ("to=x", "to"),
        ("colour=red", "colour"),
    ] {
        let problem = server.refusal(&format!("/api/v1/providers?{query}"), 400).await;
        assert_eq!(problem["parameter"], parameter, "{query}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_painted_with_its_figures_and_tells_a_bad_range_later() {
    let server = TestServer::with_two_providers().await;
    for path in ["/providers", "/t/default/providers?from=now-6h&to=now"] {
        let html = server.html(path).await;
        let place = |name: &str| html.find(&format!("<tr data-provider=\"{name}\"")).unwrap();
        assert!(place("anthropic") < place("openai"), "{path}");
        assert!(html.contains("0% ok"), "{path}");
    }
    let late = server.html("/providers?from=soon").await;
    assert!(late.contains("data-providers-waiting"));
    let board = server.html("/").await;
    assert!(!board.contains("data-providers"));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_has_an_address_and_a_page() {
    let server = TestServer::with_two_providers().await;
    let list: Providers = server.read("/api/v1/providers").await;
    let id = &list.rows[0].id;
    let page: ProviderPage = server
        .read(&format!("/t/default/api/v1/providers/{id}?from=now-1h"))
        .await;
    assert_eq!((page.row.name.as_str(), page.row.attempts), ("anthropic", 40));

    let path = format!("/api/v1/providers/{id}?build={}", server.shared().build);
    let response = server.packed(&path).await;
    let same: ProviderPage = postcard::from_bytes(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(same.row.name, "anthropic");

    for (path, status) in [
        ("/api/v1/providers/p_0000000000000000", 404),
        ("/api/v1/providers/anthropic", 404),
        (&format!("/api/v1/providers/{id}?from=soon")[..], 400),
        (&format!("/api/v1/providers/{id}?colour=red")[..], 400),
    ] {
        server.refusal(path, status).await;
    }
    for path in [format!("/providers/{id}"), format!("/t/default/providers/{id}")] {
        let html = server.html(&path).await;
        assert!(html.contains("data-provider-head"), "{path}");
    }
    let unknown = server
        .html_of("/t/default/providers/p_0000000000000000", 404)
        .await;
    assert!(unknown.contains("data-page=\"provider\"") && unknown.contains("There is no such provider."));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_have_a_page() {
    let server = TestServer::with_two_providers().await;
    let limits: Limits = server.read("/api/v1/limits").await;
    let names: Vec<&str> = limits.items.iter().map(|limit| limit.name.as_str()).collect();
    assert!(
        names.contains(&"series") && names.contains(&"in_flight_bytes"),
        "{names:?}"
    );
    assert!(limits.as_of > 0);
    for path in ["/limits", "/t/default/limits"] {
        let html = server.html(path).await;
        assert!(
            html.contains("data-cap=\"journal_bytes\"") && html.contains("Nothing is near its cap."),
            "{path}"
        );
    }
    assert!(server.stop().await);
}
