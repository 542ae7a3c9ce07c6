//! Drills, probes and simulated calls: figures tell them apart and can leave them out, boards show them, and an erasure can take
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{CallsRequest, Clock, Engine, EngineConfig, QueryRequest, Resolution, Stores, Supervisor};
use protocol::record::{CorrectionDoc, LabelDoc};
use protocol::{Range, Span};
use store::memory::MemoryStore;

use crate::common::hand::hand;
use crate::common::{House, START, scope};

const HOUR: i64 = 3_600_000;

/// A call of a minute ago; `kind` may be empty.
fn call(kind: &str, model: &str, ms: u32) -> String {
    let labels = match kind {
        "" => String::new(),
        kind => format!(r#","labels":{{"fuseboard.kind":"{kind}","team":"a"}}"#),
    };
    format!(
        r#"{{"type":"call","time":{},"provider":"openai","model":"{model}","outcome":"ok","duration_ms":{ms},
            "cost_usd":0.5{labels}}}"#,
        START - 60_000
    )
    .replace('\n', "")
}

async fn push(house: &House, calls: &[String]) {
    let reply = house.push(&format!("[{}]", calls.join(","))).await;
    assert_eq!(reply.accepted as usize, calls.len());
}

/// Two real calls, a canary's, a drill, a probe, three simulated ones.
async fn filled(house: &House) {
    let kinds = [
        "",
        "",
        "canary",
        "drill",
        "probe",
        "simulated",
        "simulated",
        "simulated",
    ];
    let slow = |kind: &str| if kind == "simulated" { 9_000 } else { 100 };
    let calls: Vec<String> = kinds.iter().map(|kind| call(kind, "m", slow(kind))).collect();
    push(house, &calls).await;
}

fn request(metric: &str, group_by: &[&str], counting: bool) -> QueryRequest {
    QueryRequest {
        metric: metric.into(),
        group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
        filter: String::new(),
        span: Span {
            from: START - HOUR,
            to: START + HOUR,
        },
        resolution: Resolution::MaxPoints(1),
        compare_previous: false,
        counting,
    }
}

/// The one figure of each group of one dimension.
async fn by(house: &House, metric: &str, dimension: &str, counting: bool) -> BTreeMap<String, f64> {
    let asked = request(metric, &[dimension], counting);
    let answer = house.engine.query(&scope(), &asked).await.expect("an answer");
    let lines = answer.series.into_iter();
    lines
        .map(|mut line| {
            let value = line.group.remove(dimension).expect("the dimension");
            (value, line.points[0].1.unwrap_or_default())
        })
        .collect()
}

fn figures(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
    pairs
        .iter()
        .map(|(kind, figure)| ((*kind).to_owned(), *figure))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_a_dimension_and_can_be_left_out() {
    let mut house = House::new().await;
    filled(&house).await;
    let all = figures(&[("", 3.0), ("drill", 1.0), ("probe", 1.0), ("simulated", 3.0)]);
    for restart in [false, true] {
        if restart {
            let (store, clock) = house.stop().await;
            house = House::on(store, clock).await;
            assert!(house.engine.compact().await);
        }
        assert_eq!(by(&house, "requests", "kind", false).await, all);
        assert_eq!(by(&house, "requests", "kind", true).await, figures(&[("", 3.0)]));
        let slowest = by(&house, "latency_p100", "provider", true).await["openai"];
        assert!((slowest - 100.0).abs() < 2.0, "{slowest}");
        let slowest = by(&house, "latency_p100", "provider", false).await["openai"];
        assert!((slowest - 9_000.0).abs() < 100.0, "{slowest}");
    }
    let known = house.engine.series(&scope());
    assert_eq!(known.dimensions["kind"], ["drill", "probe", "simulated"]);
    assert!(known.kept_labels.is_empty());
    assert!(!known.dimensions.keys().any(|key| key.starts_with("label.")));
    let board = house.engine.board(&scope(), Range::ALL[0]);
    assert!(board.simulated, "boards say so, and show all of it");
}

#[tokio::test]
async fn a_kept_label_of_the_same_name_says_both() {
    let store = Arc::new(MemoryStore::new());
    let house = House::keeping(&["fuseboard.kind", "team"], store, Clock::manual(START)).await;
    filled(&house).await;
    assert_eq!(
        by(&house, "requests", "label.fuseboard.kind", false).await,
        figures(&[
            ("", 2.0),
            ("canary", 1.0),
            ("drill", 1.0),
            ("probe", 1.0),
            ("simulated", 3.0)
        ])
    );
    assert_eq!(
        by(&house, "requests", "label.team", true).await,
        figures(&[("", 2.0), ("a", 1.0)])
    );
}

/// A cap that folds must not fold a drill into what is real.
#[tokio::test]
async fn what_folds_keeps_its_kind() {
    let clock = Clock::manual(START);
    let store = Arc::new(MemoryStore::new());
    let supervisor = Supervisor::new();
    let config = EngineConfig {
        clock: clock.clone(),
        series_cap: 1,
        ..EngineConfig::default()
    };
    let engine = Engine::start(Stores::of(&store), config, &supervisor)
        .await
        .expect("the engine starts");
    let house = House {
        store,
        clock,
        supervisor,
        engine,
    };
    let calls = ["", "", "drill", "drill", "drill", "probe"];
    let calls: Vec<String> = calls
        .iter()
        .zip(0..)
        .map(|(kind, nth)| call(kind, &format!("m{nth}"), 100))
        .collect();
    push(&house, &calls).await;
    assert_eq!(
        by(&house, "requests", "kind", false).await,
        figures(&[("", 2.0), ("drill", 3.0), ("probe", 1.0)])
    );
    assert_eq!(
        by(&house, "requests", "model", false).await,
        figures(&[("__other__", 5.0), ("m0", 1.0)])
    );
    assert_eq!(by(&house, "cost", "kind", true).await, figures(&[("", 1.0)]));
}

#[tokio::test]
async fn single_calls_are_found_by_their_kind() {
    let house = House::new().await;
    filled(&house).await;
    for (filter, count) in [
        ("kind:simulated", 3),
        ("kind:drill kind:probe", 2),
        ("kind:\"\"", 3),
        ("kind:!simulated", 5),
        ("kind:canary", 0),
        ("label.fuseboard.kind:canary", 1),
    ] {
        let request = CallsRequest {
            filter: filter.into(),
            span: Span {
                from: START - HOUR,
                to: START + 1,
            },
            limit: 10,
            cursor: None,
        };
        let found = house.engine.calls(&scope(), &request).await.expect("calls");
        assert_eq!(found.items.len(), count, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_takes_what_was_simulated_and_nothing_else() {
    let house = House::new().await;
    filled(&house).await;
    assert!(house.engine.close().await);
    assert!(house.engine.compact().await);
    let doc = CorrectionDoc {
        kind: "erase".into(),
        label: Some(LabelDoc {
            name: "fuseboard.kind".into(),
            value: "simulated".into(),
        }),
        ..CorrectionDoc::default()
    };
    let made = house
        .engine
        .correct(&scope(), &doc, &hand("ada"))
        .await
        .expect("asked for");
    for _ in 0..500 {
        let item = house
            .engine
            .correction(&scope(), made.id)
            .await
            .expect("it is there");
        if item.state == "done" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(
        by(&house, "requests", "kind", false).await,
        figures(&[("", 3.0), ("drill", 1.0), ("probe", 1.0)])
    );
}
