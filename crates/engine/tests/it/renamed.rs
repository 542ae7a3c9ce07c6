//! Names that stand for others: figures equal those of data that had the right name from the start.

use engine::{AlertError, AlertSearch, QueryRequest, Resolution, TransitionsRequest};
use proptest::prelude::*;
use protocol::alerts::{ConditionDoc, RuleDoc};
use protocol::query::QuerySeries;
use protocol::record::{CorrectionDoc, RenameDoc};
use protocol::view::State;
use protocol::{Range, Span};

use crate::common::hand::hand;
use crate::common::{House, START, scope, transition};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn rename(dimension: &str, old: &str, new: &str) -> CorrectionDoc {
    CorrectionDoc {
        kind: "rename".into(),
        rename: Some(RenameDoc {
            dimension: dimension.into(),
            old: old.into(),
            new: new.into(),
        }),
        ..CorrectionDoc::default()
    }
}

async fn make(house: &House, doc: &CorrectionDoc) -> u64 {
    let made = house.engine.correct(&scope(), doc, &hand("ada")).await;
    made.expect("it can be renamed").id
}

async fn undo(house: &House, id: u64) {
    let undone = house
        .engine
        .undo_correction(&scope(), id, None, &hand("ada"))
        .await;
    undone.expect("it can be undone");
}

/// A call as it was sent: how long ago, model, service, how long it took.
type Sent = (i64, &'static str, &'static str, u64);

fn call((age, model, service, ms): Sent) -> String {
    format!(
        r#"{{"type":"call","time":{},"provider":"openai","model":"{model}","service":"{service}","outcome":"ok","duration_ms":{ms},"cost_usd":0.001}}"#,
        START - age
    )
}

async fn series(house: &House, metric: &str, group_by: &[&str], filter: &str) -> Vec<QuerySeries> {
    let request = QueryRequest {
        metric: metric.into(),
        group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
        filter: filter.into(),
        span: Span {
            from: START - 5 * HOUR,
            to: START + 10_000,
        },
        resolution: Resolution::Step(HOUR),
        compare_previous: false,
        counting: false,
    };
    let answer = house.engine.query(&scope(), &request).await;
    answer.expect("the query is answered").series
}

fn sent() -> impl Strategy<Value = Sent> {
    let model = prop_oneof![Just("gpt4-turbo"), Just("gpt-4-turbo"), Just("small")];
    let service = prop_oneof![Just("chat"), Just("batch")];
    (0i64..5 * HOUR, model, service, 1u64..60_000)
}

/// The name that it should have had.
fn right((age, model, service, ms): Sent) -> Sent {
    let model = if model == "gpt4-turbo" {
        "gpt-4-turbo"
    } else {
        model
    };
    let service = if service == "batch" { "nightly" } else { service };
    (age, model, service, ms)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_those_of_the_right_names(
        batches in proptest::collection::vec((proptest::collection::vec(sent(), 1..30), 0u8..4), 1..6),
        renamed_after in 0usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut house, wanted) = (House::new().await, House::new().await);
            let both = [rename("model", "gpt4-turbo", "gpt-4-turbo"), rename("service", "batch", "nightly")];
            for (place, (calls, then)) in batches.iter().enumerate() {
                if place == renamed_after.min(batches.len() - 1) {
                    for doc in &both {
                        make(&house, doc).await;
                    }
                }
                let lines: Vec<String> = calls.iter().copied().map(call).collect();
                house.push(&format!("[{}]", lines.join(","))).await;
                let lines: Vec<String> = calls.iter().copied().map(right).map(call).collect();
                wanted.push(&format!("[{}]", lines.join(","))).await;
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
            for metric in ["requests", "cost", "latency_p95", "answered"] {
                for group_by in [&[][..], &["model"], &["model", "service"]] {
                    for filter in ["", "model:gpt-4-turbo", "service:!nightly", "model:gpt-4-turbo service:nightly"] {
                        let right = series(&wanted, metric, group_by, filter).await;
                        let found = series(&house, metric, group_by, filter).await;
                        assert_eq!(found, right, "{metric} by {group_by:?}, {filter}");
                        let old = filter.replace("gpt-4-turbo", "gpt4-turbo").replace("nightly", "batch");
                        let found = series(&house, metric, group_by, &old).await;
                        assert_eq!(found, right, "{metric} by {group_by:?}, {old}");
                    }
                }
            }
            assert!(!house.engine.series(&scope()).dimensions["model"].contains(&"gpt4-turbo".to_owned()));
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn undone_what_came_in_between_keeps_the_new_name() {
    let house = House::new().await;
    house.push(&call((HOUR, "old", "chat", 5))).await;
    let id = make(&house, &rename("model", "old", "new")).await;
    house.push(&call((HOUR, "old", "chat", 5))).await;
    house.push(&call((HOUR, "old", "chat", 5))).await;
    let counts = async || {
        let series = series(&house, "requests", &["model"], "").await;
        let count = |series: &QuerySeries| series.points.iter().filter_map(|(_, value)| *value).sum::<f64>();
        let counts = series
            .iter()
            .map(|series| format!("{} {}", series.group["model"], count(series)));
        counts.collect::<Vec<_>>()
    };
    assert_eq!(counts().await, ["new 3"]);
    undo(&house, id).await;
    house.push(&call((HOUR, "old", "chat", 5))).await;
    assert_eq!(counts().await, ["new 2", "old 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_goes_to_its_new_name_when_it_is_heard_of() {
    let house = House::new().await;
    let events = [
        transition("sonnet", "i-1", "closed"),
        transition("sonnet", "i-1", "open"),
        transition("sonnet", "i-2", "closed"),
    ];
    house.push(&format!("[{}]", events.join(","))).await;
    assert!(house.engine.close().await, "some are flushed");
    let id = make(&house, &rename("breaker", "sonnet", "sonnet-4")).await;
    let names = |house: &House| {
        let breakers = house.engine.board(&scope(), Range::M15).breakers;
        let mut names: Vec<(String, State)> = breakers
            .into_iter()
            .map(|breaker| (breaker.breaker, breaker.state))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names
    };
    let before = names(&house);
    assert_eq!(
        before,
        [("sonnet".to_owned(), State::Open)],
        "what is open does not disappear"
    );
    house
        .push(&format!("[{}]", transition("sonnet", "i-1", "half_open")))
        .await;
    let after: Vec<String> = names(&house).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        after,
        ["sonnet", "sonnet-4"],
        "the other instance was not heard of"
    );
    house
        .push(&format!("[{}]", transition("sonnet", "i-2", "closed")))
        .await;
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    assert_eq!(names(&house), [("sonnet-4".to_owned(), State::HalfOpen)]);

    let new = house.engine.board(&scope(), Range::M15).breakers.remove(0).id;
    let asked = TransitionsRequest {
        breaker: Some(new.clone()),
        filter: "breaker:sonnet".into(),
        span: None,
        limit: 100,
        cursor: None,
    };
    let list = house.engine.transitions(&scope(), &asked).await.expect("a list");
    assert!(
        list.items
            .iter()
            .all(|item| item.breaker == "sonnet-4" && item.breaker_id == new)
    );
    let opened = list.items.iter().filter(|item| item.to == State::Open);
    assert_eq!(opened.count(), 1, "what it did under the old name");

    undo(&house, id).await;
    let both: Vec<String> = names(&house).into_iter().map(|(name, _)| name).collect();
    assert_eq!(both, ["sonnet", "sonnet-4"]);
}

#[tokio::test]
async fn chains_are_refused_until_what_leads_there_is_undone() {
    let house = House::new().await;
    let first = make(&house, &rename("model", "a", "b")).await;
    let refused = async |doc: CorrectionDoc| match house.engine.correct(&scope(), &doc, &hand("ada")).await {
        Err(AlertError::Invalid(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(rename("model", "b", "c")).await,
        "rename.old: is the new name of another: `a` is called `b` (correction 1); undo that first"
    );
    assert!(
        refused(rename("model", "c", "a"))
            .await
            .starts_with("rename.new: ")
    );
    assert!(
        refused(rename("model", "b", "a")).await.starts_with("rename."),
        "a cycle"
    );
    assert!(
        refused(rename("instance", "a", "b"))
            .await
            .starts_with("rename.dimension: ")
    );
    undo(&house, first).await;
    make(&house, &rename("model", "b", "c")).await;
}

#[tokio::test]
async fn a_look_says_how_much_it_concerns() {
    let house = House::new().await;
    house.push(&call((HOUR, "old", "chat", 5))).await;
    house.push(&call((HOUR, "old", "batch", 5))).await;
    house.push(&call((HOUR, "new", "chat", 5))).await;
    let look = async |doc: CorrectionDoc| house.engine.preview_reach(&scope(), &doc).await.expect("a look");
    let seen = look(rename("model", "old", "new")).await;
    assert_eq!(
        (seen.calls, seen.series, seen.breakers, seen.merges),
        (2, 2, 0, true)
    );
    let seen = look(rename("model", "old", "newer")).await;
    assert!(!seen.merges);
    let mark = CorrectionDoc {
        kind: "uncount".into(),
        from: Some(START - 2 * HOUR),
        to: Some(START),
        filter: Some("service:chat".into()),
        ..CorrectionDoc::default()
    };
    let seen = look(mark).await;
    assert_eq!((seen.calls, seen.series, seen.breakers), (2, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_open_under_both_names_is_counted_once() {
    let house = House::new().await;
    house
        .push(&format!("[{}]", transition("sonnet", "i-1", "open")))
        .await;
    make(&house, &rename("breaker", "sonnet", "sonnet-4")).await;
    house.clock.advance(30_000);
    for from in [START - MINUTE, START + 10_000] {
        let request = QueryRequest {
            metric: "open_time".into(),
            group_by: vec!["breaker".into()],
            filter: "breaker:sonnet".into(),
            span: Span {
                from,
                to: START + 30_000,
            },
            resolution: Resolution::MaxPoints(1),
            compare_previous: false,
            counting: false,
        };
        let answer = house.engine.query(&scope(), &request).await.expect("an answer");
        let found: Vec<(&str, Option<f64>)> = answer
            .series
            .iter()
            .map(|series| (series.group["breaker"].as_str(), series.points[0].1))
            .collect();
        let wanted = (START + 30_000 - from.max(START)) as f64;
        assert_eq!(found, [("sonnet-4", Some(wanted))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_goes_on_meaning_what_is_called_otherwise() {
    let house = House::new().await;
    let rule = RuleDoc {
        name: "Ours".into(),
        about: String::new(),
        condition: ConditionDoc::BreakerState {
            filter: "breaker:sonnet".into(),
            states: vec!["open".into()],
            quorum: "any".into(),
        },
        for_ms: 0,
        min_samples: 0,
        severity: "warning".into(),
        labels: [].into(),
        runbook: None,
        tell: Vec::new(),
        enabled: true,
        quiet_until: None,
        escalation: None,
    };
    let made = house.engine.create_rule(&scope(), &rule, &hand("ada")).await;
    made.expect("a rule");
    make(&house, &rename("breaker", "sonnet", "sonnet-4")).await;
    for event in ["closed", "open"] {
        house
            .push(&format!("[{}]", transition("sonnet", "i-1", event)))
            .await;
    }
    assert!(house.engine.evaluate().await, "the evaluation works");
    let all = house.engine.alerts(&scope(), &AlertSearch::default()).await;
    let all = all.expect("alerts can be read").items;
    let ours: Vec<&str> = all
        .iter()
        .filter(|alert| alert.rule_name == "Ours")
        .map(|alert| alert.title.as_str())
        .collect();
    assert_eq!(ours.len(), 1, "{all:?}");
    assert!(ours[0].contains("sonnet-4"), "{ours:?}");
}
