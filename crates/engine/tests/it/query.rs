//! Queries against what was sent: whatever was flushed, compacted, merged or restarted in between, sums are exact and
//! quantiles within 1%.

use std::collections::BTreeMap;

use crate::common::{House, START, scope};
use engine::{QueryError, QueryRequest, Resolution};
use proptest::prelude::*;
use protocol::Span;
use protocol::query::QueryAnswer;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A call as it was sent.
#[derive(Debug, Clone)]
struct Sent {
    time: i64,
    provider: &'static str,
    model: &'static str,
    ok: bool,
    duration_ms: u64,
    tokens: u64,
}

impl Sent {
    fn json(&self) -> String {
        let Sent {
            time,
            provider,
            model,
            ok,
            duration_ms,
            tokens,
        } = self;
        let outcome = if *ok { "ok" } else { "timeout" };
        format!(
            r#"{{"type":"call","time":{time},"provider":"{provider}","model":"{model}","outcome":"{outcome}",
                "duration_ms":{duration_ms},"output_tokens":{tokens},"cost_usd":0.001}}"#
        )
        .replace('\n', "")
    }
}

fn request(metric: &str, group_by: &[&str], from: i64, to: i64, resolution: Resolution) -> QueryRequest {
    QueryRequest {
        metric: metric.into(),
        group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
        filter: String::new(),
        span: Span { from, to },
        resolution,
        compare_previous: false,
        counting: false,
    }
}

async fn answer(house: &House, request: &QueryRequest) -> QueryAnswer {
    house
        .engine
        .query(&scope(), request)
        .await
        .expect("the query is answered")
}

/// The values of one line by time.
fn line(answer: &QueryAnswer, key: &str, value: &str) -> BTreeMap<i64, f64> {
    let found = answer
        .series
        .iter()
        .find(|series| series.group.get(key).is_some_and(|of| of == value));
    let points = found.map(|series| series.points.clone()).unwrap_or_default();
    points
        .into_iter()
        .filter_map(|(at, value)| Some((at, value?)))
        .collect()
}

/// What happens between two batches.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Flush,
    Compact,
    Crash,
}

fn sent() -> impl Strategy<Value = Sent> {
    (
        0i64..5 * HOUR,
        0usize..3,
        0usize..2,
        any::<bool>(),
        1u64..60_000,
        0u64..500,
    )
        .prop_map(|(age, provider, model, ok, duration_ms, tokens)| Sent {
            time: START - age,
            provider: ["openai", "anthropic", "google"][provider],
            model: ["large", "small"][model],
            ok,
            duration_ms,
            tokens,
        })
}

fn then() -> impl Strategy<Value = Then> {
    prop_oneof![
        Just(Then::Nothing),
        Just(Then::Flush),
        Just(Then::Compact),
        Just(Then::Crash)
    ]
}

async fn run(batches: &[(Vec<Sent>, Then)]) -> House {
    let mut house = House::new().await;
    for (calls, then) in batches {
        let lines: Vec<String> = calls.iter().map(Sent::json).collect();
        house.push(&format!("[{}]", lines.join(","))).await;
        match then {
            Then::Nothing => {}
            Then::Flush => assert!(house.engine.close().await),
            Then::Compact => assert!(house.engine.compact().await),
            Then::Crash => {
                let (store, clock) = house.crash().await;
                house = House::on(store, clock).await;
            }
        }
    }
    house
}

/// The rank that a sketch answers: ⌊q (n − 1)⌋.
fn exact(values: &mut [u64], q: f64) -> Option<f64> {
    values.sort_unstable();
    let rank = (q * (values.len().checked_sub(1)? as f64)) as usize;
    values.get(rank).map(|value| *value as f64)
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= expected.abs() * 0.010_000_1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_what_was_sent(
        batches in proptest::collection::vec((proptest::collection::vec(sent(), 1..40), then()), 1..6),
        step in prop_oneof![Just(10_000), Just(MINUTE), Just(5 * MINUTE), Just(HOUR), Just(24 * HOUR)],
        q in prop_oneof![Just("50"), Just("95"), Just("99"), Just("0"), Just("100")],
        back in 1i64..5 * HOUR,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let house = run(&batches).await;
            let all: Vec<&Sent> = batches.iter().flat_map(|(calls, _)| calls).collect();
            let (from, to) = (START - back, START + 10_000);
            for resolution in [Resolution::Step(step), Resolution::MaxPoints(1)] {
                let counts = answer(&house, &request("requests", &["provider"], from, to, resolution)).await;
                let slow = answer(&house, &request(&format!("latency_p{q}"), &["provider"], from, to, resolution)).await;
                let tokens = answer(&house, &request("output_tokens", &["provider"], from, to, resolution)).await;
                let (start, width) = (counts.from, counts.step);
                for provider in ["openai", "anthropic", "google"] {
                    let mut expected: BTreeMap<i64, (f64, u64, Vec<u64>)> = BTreeMap::new();
                    for call in all.iter().filter(|call| call.provider == provider) {
                        if (counts.from..counts.to).contains(&call.time) {
                            let at = start + (call.time - start) / width * width;
                            let place = expected.entry(at).or_default();
                            place.0 += 1.0;
                            place.1 += call.tokens;
                            place.2.extend(call.ok.then_some(call.duration_ms));
                        }
                    }
                    let found = line(&counts, "provider", provider);
                    let nonzero: BTreeMap<i64, f64> = found.into_iter().filter(|(_, value)| *value > 0.0).collect();
                    let wanted: BTreeMap<i64, f64> = expected.iter().map(|(at, (count, ..))| (*at, *count)).collect();
                    assert_eq!(nonzero, wanted, "requests of {provider} at {resolution:?}");
                    let found = line(&tokens, "provider", provider);
                    for (at, (_, sum, _)) in &expected {
                        assert_eq!(found.get(at).copied(), Some(*sum as f64), "tokens of {provider}");
                    }
                    let found = line(&slow, "provider", provider);
                    for (at, (_, _, durations)) in &mut expected {
                        let wanted = exact(durations, q.parse::<f64>().unwrap() / 100.0);
                        match (found.get(at), wanted) {
                            (Some(found), Some(wanted)) => assert!(close(*found, wanted), "p{q} {found} is not {wanted}"),
                            (found, wanted) => assert_eq!(found.copied(), wanted, "p{q} of {provider} at {at}"),
                        }
                    }
                }
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_is_where_traffic_was_possible_and_null_where_it_was_not() {
    let house = House::new().await;
    let call = |age| Sent {
        time: START - age,
        provider: "openai",
        model: "m",
        ok: true,
        duration_ms: 5,
        tokens: 1,
    };
    house.push(&call(3 * MINUTE).json()).await;
    house.push(&call(MINUTE).json()).await;
    let asked = request(
        "requests",
        &[],
        START - 5 * MINUTE,
        START + 2 * MINUTE,
        Resolution::Step(MINUTE),
    );
    let counts = answer(&house, &asked).await;
    let values: Vec<Option<f64>> = counts.series[0].points.iter().map(|(_, value)| *value).collect();
    let (zero, one) = (Some(0.0), Some(1.0));
    assert_eq!(values, [None, None, one, zero, one, zero, None]);
    assert!(counts.open && !counts.partial && counts.rung == "1m");
    let asked = request(
        "answered",
        &[],
        START - 5 * MINUTE,
        START + MINUTE,
        Resolution::Step(MINUTE),
    );
    let ratios = answer(&house, &asked).await;
    let values: Vec<Option<f64>> = ratios.series[0].points.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, [None, None, one, None, one, None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_groups_and_the_previous_period() {
    let house = House::new().await;
    for (n, (provider, model, ok)) in [
        ("openai", "large", true),
        ("openai", "small", false),
        ("google", "a/b:c", true),
    ]
    .into_iter()
    .cycle()
    .take(30)
    .enumerate()
    {
        let sent = Sent {
            time: START - 1_000 - (n as i64 % 2) * HOUR,
            provider,
            model,
            ok,
            duration_ms: 5,
            tokens: 1,
        };
        house.push(&sent.json()).await;
    }
    assert!(house.engine.compact().await);
    let asked = QueryRequest {
        filter: "provider:openai".into(),
        compare_previous: true,
        counting: false,
        ..request(
            "outcomes",
            &["model"],
            START - HOUR,
            START,
            Resolution::MaxPoints(1),
        )
    };
    let found = answer(&house, &asked).await;
    let names: Vec<String> = found
        .series
        .iter()
        .map(|series| {
            format!(
                "{} {} {:?}",
                series.group["model"], series.group["outcome"], series.points[0].1
            )
        })
        .collect();
    assert_eq!(names, ["large ok Some(5.0)", "small timeout Some(5.0)"]);
    let before = found.previous.expect("the period before");
    assert_eq!((before.from, before.to), (START - 2 * HOUR, START - HOUR));
    assert_eq!(before.series.len(), 2);

    let refused =
        async |request: QueryRequest| house.engine.query(&scope(), &request).await.expect_err("refused");
    let base = request("requests", &[], START - HOUR, START, Resolution::default());
    let metric = "speed".to_owned();
    assert!(matches!(
        refused(QueryRequest {
            metric,
            ..base.clone()
        })
        .await,
        QueryError::UnknownMetric(_)
    ));
    let group_by = vec!["colour".to_owned()];
    assert!(matches!(
        refused(QueryRequest {
            group_by,
            ..base.clone()
        })
        .await,
        QueryError::UnknownDimension { .. }
    ));
    let filter = "colour:red".to_owned();
    assert!(matches!(
        refused(QueryRequest {
            filter,
            ..base.clone()
        })
        .await,
        QueryError::Filter(_)
    ));
    let (metric, group_by) = ("latency_p95".to_owned(), vec!["outcome".to_owned()]);
    assert!(matches!(
        refused(QueryRequest {
            metric,
            group_by,
            ..base.clone()
        })
        .await,
        QueryError::NotByOutcome { .. }
    ));
    let span = Span {
        from: START - 300 * HOUR,
        to: START,
    };
    let resolution = Resolution::Step(10_000);
    assert!(matches!(
        refused(QueryRequest {
            span,
            resolution,
            ..base
        })
        .await,
        QueryError::TooManyPoints { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_open_and_openings_of_breakers() {
    let house = House::new().await;
    let change = |age: i64, from: &str, to: &str| {
        format!(
            r#"{{"type":"breaker","breaker":"b","provider":"openai","instance":"i","time":{},"from":"{from}","to":"{to}"}}"#,
            START - age
        )
    };
    house.push(&change(10 * MINUTE, "closed", "open")).await;
    house.push(&change(7 * MINUTE, "open", "half_open")).await;
    house.push(&change(6 * MINUTE, "half_open", "closed")).await;
    assert!(house.engine.close().await, "some are flushed");
    house.push(&change(MINUTE, "closed", "open")).await;
    let value = async |metric: &str, back: i64| {
        let asked = request(
            metric,
            &["breaker"],
            START - back,
            START,
            Resolution::MaxPoints(1),
        );
        line(&answer(&house, &asked).await, "breaker", "b")
            .into_values()
            .next()
    };
    assert_eq!(value("open_time", 20 * MINUTE).await, Some((4 * MINUTE) as f64));
    assert_eq!(
        value("open_time", 8 * MINUTE).await,
        Some((2 * MINUTE) as f64),
        "it was open when the range began"
    );
    assert_eq!(value("openings", 20 * MINUTE).await, Some(2.0));
    assert_eq!(value("transitions", 20 * MINUTE).await, Some(4.0));
    house.clock.advance(30_000);
    let asked = request(
        "open_time",
        &["provider"],
        START,
        START + 30_000,
        Resolution::MaxPoints(1),
    );
    let still = line(&answer(&house, &asked).await, "provider", "openai");
    assert_eq!(
        still.into_values().next(),
        Some(30_000.0),
        "open all the time, without a transition"
    );
}
