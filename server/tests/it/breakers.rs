//! The pages of breakers over REST, for our own page, as pages, and for deploy gates.

use crate::common::{POSTCARD, TestServer};
use protocol::view::{BreakerPage, Breakers, LimitReplays};
use serde_json::{Value, json};

fn transition(breaker: &str, instance: &str, to: &str) -> Value {
    json!({ "type": "breaker", "breaker": breaker, "provider": "anthropic", "service": "chat", "instance": instance,
        "to": to, "causes": { "overloaded": 24 }, "window_calls": 50, "failure_rate": 0.48, "failure_threshold": 0.5 })
}

async fn filled() -> TestServer {
    let server = TestServer::start().await;
    let call = json!({ "type": "call", "provider": "anthropic", "model": "m", "service": "chat", "breaker": "sonnet",
        "instance": "api-1", "outcome": "overloaded", "status": 529, "duration_ms": 400 });
    let mut events = vec![
        transition("sonnet", "api-1", "closed"),
        transition("sonnet", "api-2", "closed"),
        transition("haiku", "api-1", "closed"),
    ];
    events.extend(vec![call; 30]);
    server.accept(&Value::Array(events)).await;
    server
        .accept(&json!([transition("sonnet", "api-1", "open")]))
        .await;
    server
}

async fn list(server: &TestServer, query: &str) -> Breakers {
    server.read(&format!("/api/v1/breakers{query}")).await
}

async fn id(server: &TestServer) -> String {
    list(server, "?name=sonnet").await.rows[0].breaker.id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_told_states_and_when_nothing_has_changed() {
    let server = filled().await;
    let all = list(&server, "").await;
    let names: Vec<&str> = all.rows.iter().map(|row| row.breaker.breaker.as_str()).collect();
    assert_eq!(names, ["sonnet", "haiku"], "the worst first");

    let first = server.get("/api/v1/breakers?name=sonnet").send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let told: Value = first.json().await.unwrap();
    assert_eq!(told["rows"][0]["breaker"]["state"], "open");
    assert_eq!(told["rows"][0]["figures"]["opened"], 1);
    let again = async |known: &str| {
        let request = server
            .get("/api/v1/breakers?name=sonnet")
            .header("if-none-match", known);
        request.send().await.unwrap()
    };
    let same = again(&tag).await;
    assert_eq!(same.status(), 304);
    assert_eq!(same.headers()["etag"].to_str().unwrap(), tag);
    assert!(same.bytes().await.unwrap().is_empty());
    assert_eq!(again("\"other\"").await.status(), 200);
    // Another breaker is none of its business; its own second instance is.
    server
        .accept(&json!([transition("haiku", "api-1", "open")]))
        .await;
    assert_eq!(again(&tag).await.status(), 304);
    server
        .accept(&json!([transition("sonnet", "api-2", "open")]))
        .await;
    let changed = again(&tag).await;
    assert_eq!(changed.status(), 200);
    assert_ne!(changed.headers()["etag"].to_str().unwrap(), tag);
    assert!(list(&server, "?name=nobody").await.rows.is_empty());
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_forms_say_the_same() {
    let server = filled().await;
    let id = id(&server).await;
    let build = server.shared().build.clone();
    let postcard = async |path: &str| {
        let path = format!("{path}?from=now-1h&to=now&build={build}");
        let response = server.packed(&path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], POSTCARD);
        assert!(!response.headers().contains_key("etag"));
        response.bytes().await.unwrap()
    };
    for base in ["", "/t/default"] {
        let told: BreakerPage = server
            .read(&format!("{base}/api/v1/breakers/{id}?from=now-1h"))
            .await;
        let same: BreakerPage =
            postcard::from_bytes(&postcard(&format!("{base}/api/v1/breakers/{id}")).await).unwrap();
        assert_eq!(same.transitions, told.transitions);
        assert_eq!((same.figures.opened, same.words.as_str()), (1, "Last hour"));
        assert_eq!(same.breaker.id, id);
        let rows: Breakers =
            postcard::from_bytes(&postcard(&format!("{base}/api/v1/breakers")).await).unwrap();
        assert_eq!(rows.rows.len(), 2);
        let replays: LimitReplays =
            postcard::from_bytes(&postcard(&format!("{base}/api/v1/breakers/{id}/whatif")).await).unwrap();
        assert_eq!((replays.calls, replays.replays.len()), (30, 19));
    }
    let around: Value = server
        .read(&format!("/api/v1/breakers/{id}/around?from=now-5m&to=now"))
        .await;
    assert_eq!((&around["found"], &around["failed"]), (&json!(30), &json!(30)));
    assert_eq!(around["calls"][0]["status"], 529);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_with_what_is_wrong() {
    let server = filled().await;
    let id = id(&server).await;
    for path in [
        "/api/v1/breakers/b_00000000000000ff",
        "/api/v1/breakers/nonsense",
        "/api/v1/breakers/b_00000000000000ff/whatif",
        "/api/v1/breakers/B_00000000000000FF/around?from=now-1m",
        "/t/default/api/v1/breakers/b_1",
    ] {
        let problem = server.refusal(path, 404).await;
        assert!(
            problem["detail"].as_str().unwrap().contains("b_0123456789abcdef"),
            "{path}"
        );
    }
    for (path, parameter) in [
        ("/api/v1/breakers?from=soon".to_owned(), "from"),
        ("/api/v1/breakers?nam=x".to_owned(), "nam"),
        ("/api/v1/breakers?name=x&name=y".to_owned(), "name"),
        (format!("/api/v1/breakers/{id}?to=now-30d"), "from"),
        (format!("/api/v1/breakers/{id}?to=x"), "to"),
        (format!("/api/v1/breakers/{id}?limit=5"), "limit"),
        (format!("/api/v1/breakers/{id}/whatif?from=now%2B2d"), "from"),
        (format!("/api/v1/breakers/{id}/around?from=now-2h"), "from"),
    ] {
        let problem = server.refusal(&path, 400).await;
        assert_eq!(problem["parameter"], parameter, "{path}");
    }
    let wide = server
        .refusal(&format!("/api/v1/breakers/{id}/around?from=now-2h"), 400)
        .await;
    assert_eq!(wide["detail"], "from and to: 120 minutes apart, at most 15");
    let other = server.packed(&format!("/api/v1/breakers/{id}?build=other")).await;
    assert_eq!(other.status(), 409);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_painted_with_their_figures() {
    let server = filled().await;
    let id = id(&server).await;
    for base in ["", "/t/default"] {
        let list = server.html(&format!("{base}/breakers?from=now-1h&to=now")).await;
        let place = |name: &str| list.find(&format!("<tr data-row=\"{name}\"")).unwrap();
        assert!(place("sonnet") < place("haiku"), "{base}");
        assert!(list.contains("open on 1 of 2") && list.contains("data-matrix"));
        assert!(list.contains(&format!("href=\"{base}/breakers/{id}?from=now-1h&amp;to=now\"")));
        let page = server.html(&format!("{base}/breakers/{id}")).await;
        assert!(page.contains("data-page=\"breaker\"") && page.contains("24 × overloaded"));
        assert!(
            page.contains("data-strips=\"worst\""),
            "a week is of the worst instance"
        );
    }
    let unknown = server.html_of("/breakers/b_00000000000000ff", 404).await;
    assert!(unknown.contains("data-page=\"breaker\"") && unknown.contains("There is no such breaker."));
    let wrong = server.html("/breakers?from=soon").await;
    assert!(wrong.contains("data-breakers-waiting"));
    assert!(server.stop().await);
}
