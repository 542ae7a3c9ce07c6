//! The simulator against a server that takes everything: real sockets, real time, short.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;

use super::*;
use crate::simulate::fleet::BREAKERS;

type Seen = Arc<Mutex<Vec<Value>>>;

async fn take(Shared(seen): Shared<Seen>, body: String) -> String {
    let mut body: Value = serde_json::from_str(&body).unwrap();
    let events = body["events"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let answer = format!(
        r#"{{"accepted":{},"duplicates":0,"refused_count":0,"refused":[]}}"#,
        events.len()
    );
    seen.lock().extend(events);
    answer
}

async fn server(tasks: &mut JoinSet<()>) -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/api/v1/events", post(take))
        .with_state(seen.clone());
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, seen)
}

fn args(address: SocketAddr, scenario: ScenarioName, seconds: u64) -> SimulateArgs {
    SimulateArgs {
        trust: crate::cli::Trust::default(),
        url: format!("http://{address}"),
        key: KeySource {
            key: Some("fb_test".into()),
            key_file: None,
        },
        scenario,
        seed: 7,
        rate: 120.0,
        length: Some(Duration::from_secs(seconds)),
        environment: "prod".into(),
    }
}

async fn events_of(scenario: ScenarioName, seconds: u64) -> Vec<Value> {
    let mut tasks = JoinSet::new();
    let (address, seen) = server(&mut tasks).await;
    simulate(args(address, scenario, seconds), "fb_test", None, Ends::WhenAsked)
        .await
        .unwrap();
    std::mem::take(&mut *seen.lock())
}

fn of_type<'a>(events: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> + 'a {
    events.iter().filter(move |event| event["type"] == kind)
}

#[tokio::test]
async fn calm_traffic_reaches_every_breaker_and_is_marked_as_simulated() {
    let events = events_of(ScenarioName::Calm, 4).await;
    let breakers: BTreeSet<_> = of_type(&events, "breaker_stats")
        .map(|event| event["breaker"].as_str().unwrap())
        .collect();
    assert_eq!(breakers, BREAKERS.iter().map(|breaker| breaker.name).collect());
    let instances = of_type(&events, "breaker_stats").map(|event| (&event["breaker"], &event["instance"]));
    assert_eq!(
        instances
            .map(|pair| format!("{pair:?}"))
            .collect::<BTreeSet<_>>()
            .len(),
        BREAKERS
            .iter()
            .map(|breaker| breaker.instances.len())
            .sum::<usize>()
    );
    let calls: Vec<&Value> = of_type(&events, "call").collect();
    assert!(
        (350..650).contains(&calls.len()),
        "{} calls in 4 s at 120/s",
        calls.len()
    );
    let ok: Vec<&&Value> = calls.iter().filter(|call| call["outcome"] == "ok").collect();
    assert!(
        ok.len() * 100 > calls.len() * 95,
        "{} of {}",
        ok.len(),
        calls.len()
    );
    let streams: Vec<&&&Value> = ok.iter().filter(|call| call["operation"] == "chat").collect();
    assert!(!streams.is_empty());
    for call in streams {
        assert!(
            call["ttft_ms"].as_f64().unwrap() < call["duration_ms"].as_f64().unwrap(),
            "{call}"
        );
        assert!(
            call["output_tokens"].as_u64().unwrap() > 0 && call["cost_usd"].as_f64().unwrap() > 0.0,
            "{call}"
        );
    }
    for event in events.iter().filter(|event| event["type"] != "headroom") {
        assert_eq!(event["labels"]["fuseboard.kind"], "simulated", "{event}");
        assert_eq!(event["environment"], "prod", "{event}");
    }
    let headroom: BTreeSet<_> = of_type(&events, "headroom")
        .map(|event| event["provider"].as_str().unwrap())
        .collect();
    assert_eq!(headroom, BTreeSet::from(["anthropic", "openai"]));
    assert_eq!(
        of_type(&events, "breaker").count(),
        0,
        "nothing trips in fair weather"
    );
}

#[tokio::test]
async fn an_outage_opens_breakers_refuses_connections_and_is_served_by_others() {
    let events = events_of(ScenarioName::Outage, 20).await;
    let sonnet: Vec<&Value> = of_type(&events, "breaker")
        .filter(|event| event["breaker"] == "claude-sonnet" && event["instance"] == "api-3")
        .collect();
    let first = sonnet.first().expect("claude-sonnet opens");
    assert_eq!((&first["from"], &first["to"]), (&"closed".into(), &"open".into()));
    assert!(first["failure_rate"].as_f64().unwrap() >= first["failure_threshold"].as_f64().unwrap());
    assert!(first["causes"]["server_error"].as_u64().unwrap() > 0, "{first}");
    assert!(first["retry_at"].as_i64().unwrap() > first["time"].as_i64().unwrap());
    assert!(
        first["reason"]
            .as_str()
            .unwrap()
            .contains("calls failed, limit 50%")
    );
    let mut seq = HashMap::new();
    for event in of_type(&events, "breaker") {
        let key = (
            event["breaker"].as_str().unwrap(),
            event["instance"].as_str().unwrap(),
        );
        let before = seq.insert(key, event["seq"].as_u64().unwrap());
        assert!(
            before.is_none_or(|before| before < event["seq"].as_u64().unwrap()),
            "{event}"
        );
    }
    assert!(sonnet.iter().any(|event| event["to"] == "half_open"));
    let count = |test: &dyn Fn(&Value) -> bool| of_type(&events, "call").filter(|call| test(call)).count();
    assert!(count(&|call| call["outcome"] == "rejected" && call["duration_ms"].is_null()) > 20);
    assert!(
        count(&|call| call["outcome"] == "network" && call["error"].as_str().unwrap().contains("refused"))
            > 0
    );
    assert!(count(&|call| call["attempt"] == 2) > 0);
    let saved = |call: &Value| call["outcome"] == "ok" && call["fallback_from"]["provider"] == "anthropic";
    assert!(count(&|call| saved(call) && call["provider"] == "openai") > 20);
    assert_eq!(of_type(&events, "marker").count(), 1);
}

#[tokio::test]
async fn without_a_server_there_is_a_clear_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = simulate(
        args(address, ScenarioName::Calm, 1),
        "fb_test",
        None,
        Ends::WhenAsked,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, SimulateError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("does not answer"), "{error}");
    let mut wrong = args(address, ScenarioName::Calm, 1);
    wrong.url = "nonsense".into();
    assert!(matches!(
        simulate(wrong, "fb_test", None, Ends::WhenAsked).await,
        Err(SimulateError::Usage(_))
    ));
}

#[tokio::test]
async fn a_refused_key_is_told_apart() {
    let mut tasks = JoinSet::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route(
        "/api/v1/events",
        post(|| async { axum::http::StatusCode::UNAUTHORIZED }),
    );
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let error = simulate(
        args(address, ScenarioName::Calm, 1),
        "fb_test",
        None,
        Ends::WhenAsked,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, SimulateError::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("keys create"), "{error}");
}
