//! Times that do not count: what is left equals what is added up again from the calls themselves, and undoing brings back
//! what was.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{AlertError, Clock, Engine, EngineConfig, QueryRequest, Resolution, Stores, Supervisor};
use proptest::prelude::*;
use protocol::Span;
use protocol::query::QueryAnswer;
use protocol::record::CorrectionDoc;
use store::memory::MemoryStore;

use crate::common::hand::hand;
use crate::common::{House, START, scope};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn asked(metric: &str, from: i64, to: i64, resolution: Resolution) -> QueryRequest {
    QueryRequest {
        metric: metric.into(),
        group_by: vec!["service".into()],
        filter: String::new(),
        span: Span { from, to },
        resolution,
        compare_previous: false,
        counting: true,
    }
}

async fn answer(house: &House, request: &QueryRequest) -> QueryAnswer {
    let answer = house.engine.query(&scope(), request).await;
    answer.expect("the query is answered")
}

fn values(answer: &QueryAnswer, service: &str) -> BTreeMap<i64, Option<f64>> {
    let found = answer
        .series
        .iter()
        .find(|series| series.group["service"] == service);
    found
        .map(|series| series.points.iter().copied().collect())
        .unwrap_or_default()
}

fn call(time: i64, service: &str, tokens: u64) -> String {
    format!(
        r#"{{"type":"call","time":{time},"provider":"openai","model":"m","outcome":"ok","duration_ms":{},"service":"{service}","output_tokens":{tokens}}}"#,
        tokens + 1
    )
}

fn mark(from: i64, to: i64, filter: &str) -> CorrectionDoc {
    CorrectionDoc {
        kind: "uncount".into(),
        from: Some(from),
        to: Some(to),
        filter: Some(filter.to_owned()).filter(|text| !text.is_empty()),
        note: "load test".into(),
        ..CorrectionDoc::default()
    }
}

async fn make(house: &House, doc: &CorrectionDoc) -> u64 {
    let made = house.engine.correct(&scope(), doc, &hand("ada")).await;
    made.expect("it can be marked").id
}

async fn undo(house: &House, id: u64) {
    let undone = house
        .engine
        .undo_correction(&scope(), id, None, &hand("bob"))
        .await;
    assert_eq!(undone.expect("it can be undone").state, "undone");
}

/// A call as it was sent: how long ago, of which service, with how many tokens.
type Sent = (i64, &'static str, u64);

fn sent() -> impl Strategy<Value = Sent> {
    (
        0i64..5 * HOUR,
        prop_oneof![Just("chat"), Just("batch")],
        0u64..900,
    )
}

/// A mark: how long ago, how long, and of what.
fn marked() -> impl Strategy<Value = (i64, i64, &'static str)> {
    let of = prop_oneof![
        Just(""),
        Just("service:chat"),
        Just("service:!chat provider:openai")
    ];
    (0i64..5 * HOUR, 1i64..2 * HOUR, of)
}

fn takes(filter: &str, service: &str) -> bool {
    match filter {
        "" => true,
        "service:chat" => service == "chat",
        _ => service != "chat",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_counts_is_what_was_sent_outside_the_marks(
        batches in proptest::collection::vec((proptest::collection::vec(sent(), 1..40), 0u8..4), 1..5),
        marks in proptest::collection::vec(marked(), 1..4),
        step in prop_oneof![Just(10_000), Just(5 * MINUTE), Just(HOUR), Just(DAY)],
        back in 1i64..5 * HOUR,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut house = House::new().await;
            let mut ids = Vec::new();
            for (from, length, filter) in &marks {
                ids.push(make(&house, &mark(START - from, START - from + length, filter)).await);
            }
            for (calls, then) in &batches {
                let lines: Vec<String> =
                    calls.iter().map(|(age, service, tokens)| call(START - age, service, *tokens)).collect();
                house.push(&format!("[{}]", lines.join(","))).await;
                match then {
                    0 => assert!(house.engine.compact().await),
                    1 => assert!(house.engine.close().await),
                    2 => {
                        let (store, clock) = house.crash().await;
                        house = House::on(store, clock).await;
                    }
                    _ => {}
                }
            }
            let gaps: Vec<(i64, i64, &str)> = marks
                .iter()
                .map(|(from, length, filter)| {
                    let (from, to) = (START - from, START - from + length);
                    (from - from.rem_euclid(10_000), to + (-to).rem_euclid(10_000), *filter)
                })
                .collect();
            let out = |at: i64, service: &str| {
                gaps.iter().any(|(from, to, filter)| (*from..*to).contains(&at) && takes(filter, service))
            };
            for resolution in [Resolution::Step(step), Resolution::MaxPoints(1)] {
                let requests = answer(&house, &asked("requests", START - back, START + 10_000, resolution)).await;
                let tokens = answer(&house, &asked("output_tokens", START - back, START + 10_000, resolution)).await;
                let slowest = answer(&house, &asked("latency_p100", START - back, START + 10_000, resolution)).await;
                let (start, width) = (requests.from, requests.step);
                for service in ["chat", "batch"] {
                    let mut wanted: BTreeMap<i64, (f64, f64, u64)> = BTreeMap::new();
                    for (age, of, count) in batches.iter().flat_map(|(calls, _)| calls) {
                        let at = START - age;
                        let inside = (requests.from..requests.to).contains(&at);
                        if *of == service && inside && !out(at, service) {
                            let place = wanted.entry(start + (at - start) / width * width).or_default();
                            place.0 += 1.0;
                            place.1 += *count as f64;
                            place.2 = place.2.max(count + 1);
                        }
                    }
                    let (requests, tokens) = (values(&requests, service), values(&tokens, service));
                    let slowest = values(&slowest, service);
                    for (at, (count, sum, slow)) in &wanted {
                        assert_eq!(requests[at], Some(*count), "requests of {service} at {at}");
                        assert_eq!(tokens[at], Some(*sum), "tokens of {service} at {at}");
                        let found = slowest[at].expect("a quantile");
                        assert!((found - *slow as f64).abs() <= *slow as f64 * 0.010_000_1, "{found} is not {slow}");
                    }
                    for (at, value) in &requests {
                        let other = value.filter(|_| !wanted.contains_key(at));
                        assert!(other.unwrap_or_default() == 0.0, "{other:?} of {service} at {at}");
                        let blank = (*at..*at + width).step_by(10_000).all(|at| {
                            gaps.iter().any(|(from, to, filter)| filter.is_empty() && (*from..*to).contains(&at))
                        });
                        assert!(!blank || value.is_none(), "nothing counts at {at}");
                    }
                }
            }
            let plain = QueryRequest {
                counting: false,
                ..asked("requests", START - back, START + 10_000, Resolution::Step(step))
            };
            let plain = answer(&house, &plain).await;
            for id in ids {
                undo(&house, id).await;
            }
            let again = answer(&house, &asked("requests", START - back, START + 10_000, Resolution::Step(step))).await;
            assert_eq!(again, plain, "undone");
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_finely_any_more_goes_in_coarser_pieces() {
    let house = House::new().await;
    for age in [90_000, 50_000, 20_000] {
        house.push(&call(START - age, "chat", 1)).await;
    }
    assert!(house.engine.compact().await);
    let id = make(&house, &mark(START - 25_000, START - 15_000, "")).await;
    let whole = asked("requests", START - 2 * HOUR, START, Resolution::MaxPoints(1));
    let left = async || {
        let answer = answer(&house, &whole).await;
        values(&answer, "chat").into_values().next().flatten()
    };
    assert_eq!(left().await, Some(2.0), "10 s");
    house.clock.advance(20 * DAY);
    assert_eq!(left().await, Some(1.0), "a minute");
    house.clock.advance(20 * DAY);
    assert_eq!(left().await, None, "an hour");
    undo(&house, id).await;
    assert_eq!(left().await, Some(3.0), "undone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_that_of_the_zone() {
    let (store, clock, supervisor) = (
        Arc::new(MemoryStore::new()),
        Clock::manual(START),
        Supervisor::new(),
    );
    let config = EngineConfig {
        clock: clock.clone(),
        utc_offset_min: 330,
        ..EngineConfig::default()
    };
    let engine = Engine::start(Stores::of(&store), config, &supervisor).await;
    let house = House {
        engine: engine.expect("the engine starts"),
        store,
        clock,
        supervisor,
    };
    // START is 17:30 there.
    for hours in [16, 17, 18, 19] {
        house.push(&call(START - hours * HOUR, "chat", 1)).await;
    }
    assert!(house.engine.compact().await);
    make(&house, &mark(START - 60 * MINUTE, START - 59 * MINUTE, "")).await;
    house.clock.advance(500 * DAY);
    let days = asked("requests", START - 2 * DAY, START, Resolution::Step(DAY));
    let answer = answer(&house, &days).await;
    let values: Vec<Option<f64>> = values(&answer, "chat").into_values().collect();
    assert_eq!(
        (answer.rung.as_str(), values.last()),
        ("1d", Some(&None)),
        "{values:?}"
    );
    let counted: f64 = values.into_iter().flatten().sum();
    assert!(
        (counted - 2.0).abs() < f64::EPSILON,
        "those of the day before: {counted}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_of_one_service_is_unknown_and_not_zero() {
    let house = House::new().await;
    house.push(&call(START - 10 * MINUTE, "chat", 1)).await;
    house.push(&call(START - 90_000, "chat", 1)).await;
    house.push(&call(START - 90_000, "batch", 1)).await;
    make(&house, &mark(START - 2 * MINUTE, START - MINUTE, "service:chat")).await;
    let answer = answer(
        &house,
        &asked("requests", START - 3 * MINUTE, START, Resolution::Step(MINUTE)),
    )
    .await;
    let found = |service: &str| values(&answer, service).into_values().collect::<Vec<_>>();
    assert_eq!(found("batch"), [Some(0.0), Some(1.0), Some(0.0)]);
    assert_eq!(found("chat"), [None::<f64>; 0], "nothing of it counts here");
    let told = house.engine.uncounted(
        &scope(),
        Span {
            from: START - HOUR,
            to: START,
        },
    );
    let told = told.expect("marks are told");
    let words = "marked by ada: load test (service:chat)".to_owned();
    assert_eq!(told, [(START - 2 * MINUTE, START - MINUTE, words)]);
    let later = house.engine.uncounted(
        &scope(),
        Span {
            from: START - MINUTE,
            to: START,
        },
    );
    assert_eq!(later.expect("marks are told"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn breakers_that_were_open_meanwhile_do_not_count() {
    let house = House::new().await;
    let change = |age: i64, from: &str, to: &str| {
        format!(
            r#"{{"type":"breaker","breaker":"b","service":"chat","provider":"openai","instance":"i","time":{},"from":"{from}","to":"{to}"}}"#,
            START - age
        )
    };
    house.push(&change(10 * MINUTE, "closed", "open")).await;
    house.push(&change(4 * MINUTE, "open", "closed")).await;
    let open = async || {
        let request = QueryRequest {
            group_by: Vec::new(),
            ..asked("open_time", START - 20 * MINUTE, START, Resolution::MaxPoints(1))
        };
        answer(&house, &request).await.series[0].points[0].1
    };
    assert_eq!(open().await, Some((6 * MINUTE) as f64));
    make(
        &house,
        &mark(START - 8 * MINUTE, START - 6 * MINUTE, "service:chat"),
    )
    .await;
    assert_eq!(open().await, Some((4 * MINUTE) as f64));
    make(
        &house,
        &mark(START - 15 * MINUTE, START - 9 * MINUTE, "service:other"),
    )
    .await;
    assert_eq!(open().await, Some((4 * MINUTE) as f64), "of another service");
}

#[tokio::test]
async fn what_cannot_be_marked_is_refused_by_its_field() {
    let house = House::new().await;
    let good = mark(START - HOUR, START, "");
    for (doc, field) in [
        (
            CorrectionDoc {
                from: None,
                ..good.clone()
            },
            "from",
        ),
        (
            CorrectionDoc {
                to: None,
                ..good.clone()
            },
            "to",
        ),
        (
            CorrectionDoc {
                to: good.from,
                ..good.clone()
            },
            "to",
        ),
        (
            CorrectionDoc {
                to: Some(START + 400 * DAY),
                ..good.clone()
            },
            "to",
        ),
        (
            CorrectionDoc {
                note: " ".into(),
                ..good.clone()
            },
            "note",
        ),
        (
            CorrectionDoc {
                filter: Some("model:m".into()),
                ..good.clone()
            },
            "filter",
        ),
        (
            CorrectionDoc {
                filter: Some("chat".into()),
                ..good.clone()
            },
            "filter",
        ),
        (
            CorrectionDoc {
                breaker: Some("b_1".into()),
                ..good.clone()
            },
            "breaker",
        ),
    ] {
        match house.engine.correct(&scope(), &doc, &hand("ada")).await {
            Err(AlertError::Invalid(error)) => {
                assert!(error.to_string().starts_with(&format!("{field}: ")), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}
