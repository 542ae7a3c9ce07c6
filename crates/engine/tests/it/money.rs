//! What money went to, and what is no traffic of users: every figure is what the calls say, added up once more from the calls
//! themselves, whatever was flushed, compacted or restarted in between.
#![expect(clippy::disallowed_methods, reason = "a test stands in for the supervisor")]

use std::collections::BTreeMap;

use domain::event::{Call, CallOutcome, FallbackFrom};
use domain::{Event, EventBody, Outcome};
use engine::{QueryRequest, Resolution};
use proptest::prelude::*;
use protocol::Span;
use store::{Journal, NewBatch, SystemScope, TenantId};

use crate::common::{House, START, scope};

const HOUR: i64 = 3_600_000;

/// What the label says, and what that counts as.
const KINDS: [(&str, &str); 5] = [
    ("", ""),
    ("canary", ""),
    ("drill", "drill"),
    ("probe", "probe"),
    ("simulated", "simulated"),
];

const METRICS: [&str; 8] = [
    "requests",
    "neutral",
    "cost",
    "failed_cost",
    "retry_cost",
    "fallback_cost",
    "fallback_usual",
    "estimated_cost",
];

/// How long ago, its kind by place, and what it was.
#[derive(Debug, Clone)]
struct Sent {
    age: i64,
    kind: usize,
    call: Call,
}

/// What happens between two batches. Each ends in a restart.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Flush,
    Compact,
}

fn sent() -> impl Strategy<Value = Sent> {
    let amount = || proptest::option::of(0i64..1_000_000_000_000);
    (
        0i64..5 * HOUR,
        0..KINDS.len(),
        proptest::sample::select(Outcome::ALL.to_vec()),
        (1u8..4, any::<bool>(), 1u32..9),
        (amount(), any::<bool>(), amount()),
    )
        .prop_map(
            |(age, kind, outcome, (attempt, stands_in, weight), (cost, cost_estimated, usual_cost))| {
                let label = ("fuseboard.kind".to_owned(), KINDS[kind].0.to_owned());
                let call = Call {
                    provider: "openai".into(),
                    model: "m".into(),
                    outcome: CallOutcome(outcome),
                    attempt,
                    weight,
                    cost,
                    cost_estimated,
                    usual_cost,
                    duration: Some(5_000),
                    fallback_from: stands_in.then(|| FallbackFrom {
                        provider: "anthropic".into(),
                        model: None,
                    }),
                    labels: Some(label)
                        .filter(|(_, value)| !value.is_empty())
                        .into_iter()
                        .collect(),
                    ..Call::default()
                };
                Sent { age, kind, call }
            },
        )
}

fn batches() -> impl Strategy<Value = Vec<(Vec<Sent>, Then)>> {
    let then = prop_oneof![Just(Then::Nothing), Just(Then::Flush), Just(Then::Compact)];
    proptest::collection::vec((proptest::collection::vec(sent(), 1..25), then), 1..4)
}

/// What one call is in a metric; money in nano-USD. Written from the words of the metrics, not from the code.
fn amount(metric: &str, call: &Call) -> i128 {
    let (ok, retry) = (call.outcome() == Outcome::Ok, call.attempt > 1);
    let stands_in = call.fallback_from.is_some();
    let cost = i128::from(call.cost.unwrap_or(0));
    let both = call.cost.is_some() && call.usual_cost.is_some() && ok && stands_in;
    let first = !retry && !stands_in;
    let neutral = ["cancelled", "content_filtered", "bad_request"].contains(&call.outcome().as_str());
    let one = match metric {
        "requests" => i128::from(first),
        "neutral" => i128::from(first && neutral),
        "cost" => cost,
        "failed_cost" if !ok => cost,
        "retry_cost" if ok && retry && !stands_in => cost,
        "fallback_cost" if both => cost,
        "fallback_usual" if both => i128::from(call.usual_cost.unwrap_or(0)),
        "estimated_cost" if call.cost_estimated => cost,
        _ => 0,
    };
    one * i128::from(call.weight)
}

fn told(metric: &str, sum: i128) -> f64 {
    match metric {
        "requests" | "neutral" => sum as f64,
        _ => sum as f64 * 1e-9,
    }
}

fn request(metric: &str, group_by: &[&str], filter: &str, counting: bool) -> QueryRequest {
    QueryRequest {
        metric: metric.into(),
        group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
        filter: filter.into(),
        span: Span {
            from: START - 6 * HOUR,
            to: START + HOUR,
        },
        resolution: Resolution::MaxPoints(1),
        compare_previous: false,
        counting,
    }
}

/// The one figure of each kind.
async fn by_kind(house: &House, metric: &str, filter: &str, counting: bool) -> BTreeMap<String, f64> {
    let asked = request(metric, &["kind"], filter, counting);
    let answer = house.engine.query(&scope(), &asked).await.expect("an answer");
    let lines = answer.series.into_iter();
    lines
        .map(|mut line| {
            (
                line.group.remove("kind").expect("a kind"),
                line.points[0].1.expect("a sum"),
            )
        })
        .collect()
}

/// The one figure of everything.
async fn whole(house: &House, metric: &str, filter: &str, counting: bool) -> Option<f64> {
    let asked = request(metric, &[], filter, counting);
    let answer = house.engine.query(&scope(), &asked).await.expect("an answer");
    answer.series.first().and_then(|line| line.points[0].1)
}

/// With every batch in the journal while nobody runs: what the price table says of stand-ins comes on no wire.
async fn run(batches: &[(Vec<Sent>, Then)]) -> House {
    let mut house = House::new().await;
    for (sent, then) in batches {
        let (store, clock) = house.crash().await;
        let event = |sent: &Sent| Event {
            id: None,
            time: START - sent.age,
            reported: None,
            body: EventBody::Call(Box::new(sent.call.clone())),
        };
        let batch = NewBatch {
            tenant: TenantId::default_tenant(),
            key_id: "key0000001".into(),
            received: START,
            idempotency: None,
            events: sent.iter().map(event).collect(),
            refused: 0,
            refusals: Vec::new(),
        };
        let appended = store.append(&SystemScope::assume(), vec![batch]).await;
        appended.expect("it is appended");
        house = House::on(store, clock).await;
        match then {
            Then::Nothing => {}
            Then::Flush => assert!(house.engine.close().await),
            Then::Compact => assert!(house.engine.compact().await),
        }
    }
    house
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn figures_are_what_the_calls_say(batches in batches()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let house = run(&batches).await;
            let all: Vec<&Sent> = batches.iter().flat_map(|(sent, _)| sent).collect();
            for metric in METRICS {
                let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
                for sent in &all {
                    *sums.entry(KINDS[sent.kind].1).or_default() += amount(metric, &sent.call);
                }
                let expected: BTreeMap<String, f64> =
                    sums.iter().map(|(kind, sum)| ((*kind).to_owned(), told(metric, *sum))).collect();
                assert_eq!(by_kind(&house, metric, "", false).await, expected, "{metric}");
                let total = told(metric, sums.values().sum());
                assert_eq!(whole(&house, metric, "", false).await, Some(total), "{metric}");
                let real: BTreeMap<String, f64> = expected.clone().into_iter().filter(|(kind, _)| kind.is_empty()).collect();
                assert_eq!(by_kind(&house, metric, "", true).await, real, "{metric}");
                assert_eq!(whole(&house, metric, "", true).await, real.get("").copied(), "{metric}");
                assert_eq!(whole(&house, metric, "kind:\"\"", false).await, real.get("").copied(), "{metric}");
                assert_eq!(whole(&house, metric, "kind:drill", false).await, expected.get("drill").copied(), "{metric}");
                assert_eq!(whole(&house, metric, "kind:drill", true).await, None, "nothing of a drill counts");
            }
        });
    }
}
