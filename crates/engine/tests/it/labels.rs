//! Labels as dimensions of history: whatever was flushed, compacted or restarted in between, each value has what was sent
//! with it, and what is too much is counted too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{House, START, scope};
use domain::rollup::KeptLabels;
use engine::{CallsRequest, Clock, QueryError, QueryRequest, Resolution};
use proptest::prelude::*;
use protocol::Span;
use protocol::limits::Limit;
use protocol::view::ExploreQuestion;
use store::memory::MemoryStore;

const HOUR: i64 = 3_600_000;

async fn house(labels: &[&str]) -> House {
    House::keeping(labels, Arc::new(MemoryStore::new()), Clock::manual(START)).await
}

fn call(age: i64, labels: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!(r#""{name}":"{value}""#))
        .collect();
    format!(
        r#"{{"type":"call","time":{},"provider":"openai","model":"m","outcome":"ok","duration_ms":400,"output_tokens":7,
            "labels":{{{}}}}}"#,
        START - age,
        pairs.join(",")
    )
    .replace('\n', "")
}

async fn push(house: &House, calls: &[String]) {
    let reply = house.push(&format!("[{}]", calls.join(","))).await;
    assert_eq!(reply.accepted as usize, calls.len());
}

fn request(metric: &str, group_by: &[&str], filter: &str) -> QueryRequest {
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
        counting: false,
    }
}

type Sums = BTreeMap<Vec<String>, f64>;

/// The one figure of each group, by its values in the order of `group_by`.
async fn sums(house: &House, metric: &str, group_by: &[&str], filter: &str) -> Sums {
    let answer = house
        .engine
        .query(&scope(), &request(metric, group_by, filter))
        .await;
    let answer = answer.expect("the query is answered");
    assert_eq!(answer.group_by, group_by);
    let one = |series: &protocol::query::QuerySeries| {
        let values = group_by.iter().map(|key| series.group[*key].clone()).collect();
        (values, series.points[0].1.unwrap_or_default())
    };
    answer.series.iter().map(one).collect()
}

fn expected(pairs: &[(&[&str], f64)]) -> Sums {
    let owned = |(values, sum): &(&[&str], f64)| (values.iter().map(|&value| value.into()).collect(), *sum);
    pairs.iter().map(owned).collect()
}

async fn refusal(house: &House, group_by: &[&str], filter: &str) -> String {
    let asked = request("requests", group_by, filter);
    let error = house.engine.query(&scope(), &asked).await;
    let error = error.expect_err("no such label");
    assert!(matches!(error, QueryError::LabelNotKept { .. }), "{error:?}");
    error.to_string()
}

async fn limit(house: &House, name: &str) -> Option<Limit> {
    let limits = house.engine.limits(&scope()).await.expect("limits");
    limits.items.into_iter().find(|limit| limit.name == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_filters_by_label() {
    let house = house(&["team", "region"]).await;
    push(
        &house,
        &[
            call(HOUR, &[("team", "payments"), ("region", "eu"), ("user", "u1")]),
            call(HOUR, &[("team", "payments"), ("region", "us"), ("user", "u2")]),
            call(HOUR, &[("team", "search"), ("region", "eu")]),
            call(5 * HOUR, &[("team", "search")]),
            call(0, &[]),
        ],
    )
    .await;
    let teams = expected(&[(&[""], 1.0), (&["payments"], 2.0), (&["search"], 2.0)]);
    assert_eq!(sums(&house, "requests", &["label.team"], "").await, teams);
    assert!(house.engine.compact().await);
    assert_eq!(sums(&house, "requests", &["label.team"], "").await, teams);
    assert_eq!(
        sums(
            &house,
            "output_tokens",
            &["label.region", "provider", "label.team"],
            ""
        )
        .await,
        expected(&[
            (&["", "openai", ""], 7.0),
            (&["", "openai", "search"], 7.0),
            (&["eu", "openai", "payments"], 7.0),
            (&["eu", "openai", "search"], 7.0),
            (&["us", "openai", "payments"], 7.0),
        ])
    );
    for (filter, sum) in [
        ("label.team:payments", 2.0),
        ("label.team:payments label.team:search", 4.0),
        ("label.team:!payments", 3.0),
        ("label.team:\"\"", 1.0),
        ("label.team:~pay label.region:eu", 1.0),
        ("PAYMENTS", 2.0),
        ("label.team:payments provider:openai outcome:ok", 2.0),
    ] {
        let found = sums(&house, "requests", &[], filter).await;
        assert_eq!(found, expected(&[(&[], sum)]), "{filter}");
    }
    assert!(sums(&house, "requests", &[], "u1").await.is_empty(), "not kept");
    let whole = request("latency_p95", &["label.team"], "label.team:search");
    let answer = house.engine.query(&scope(), &whole).await.expect("a quantile");
    let value = answer.series[0].points[0].1.expect("there are calls");
    assert!((value - 400.0).abs() <= 4.0, "{value}");
}

#[tokio::test]
async fn a_label_that_is_not_kept_is_told_with_those_that_are() {
    let none = house(&[]).await;
    assert_eq!(
        refusal(&none, &["provider", "label.team"], "").await,
        "group_by: the label `team` is not kept; none is, and the setting series.kept_labels may name 4"
    );
    let some = house(&["team", "region"]).await;
    assert_eq!(
        refusal(&some, &["label.user"], "").await,
        "group_by: the label `user` is not kept; those are region, team, and the setting series.kept_labels names them"
    );
    assert!(
        refusal(&some, &[], "label.user:!x")
            .await
            .starts_with("filter: the label `user`")
    );
    assert!(
        refusal(&some, &["label."], "")
            .await
            .contains("the label `` is not kept")
    );
    let colour = some
        .engine
        .query(&scope(), &request("requests", &["colour"], ""))
        .await
        .expect_err("no dimension");
    assert!(
        colour.to_string().ends_with("outcome, label.region, label.team"),
        "{colour}"
    );
    let breakers = some
        .engine
        .query(&scope(), &request("openings", &["label.team"], ""))
        .await
        .expect_err("breakers have no labels");
    assert!(
        matches!(breakers, QueryError::UnknownDimension { .. }),
        "{breakers}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_beyond_the_cap_are_counted_as_other_and_shown() {
    let mut house = house(&["user"]).await;
    let most = KeptLabels::MOST_VALUES;
    let all: Vec<String> = (0..most + 30)
        .flat_map(|nth| {
            let user = nth.to_string();
            [call(HOUR, &[("user", &user)]), call(0, &[("user", &user)])]
        })
        .collect();
    push(&house, &all).await;
    for restart in [false, true] {
        if restart {
            let (store, clock) = house.crash().await;
            house = House::keeping(&["user"], store, clock).await;
            push(
                &house,
                &[call(0, &[("user", "later")]), call(0, &[("user", "7")])],
            )
            .await;
        }
        let more = f64::from(u8::from(restart));
        let other = sums(&house, "requests", &["label.user"], "label.user:__other__").await;
        assert_eq!(other, expected(&[(&["__other__"], 60.0 + more)]));
        let kept = sums(
            &house,
            "requests",
            &["label.user"],
            "label.user:7 label.user:199 label.user:200",
        )
        .await;
        assert_eq!(kept, expected(&[(&["7"], 2.0 + more), (&["199"], 2.0)]));
        let whole = sums(&house, "requests", &[], "").await;
        assert_eq!(whole, expected(&[(&[], 460.0 + 2.0 * more)]), "nothing is lost");
        let values = limit(&house, "label_values.user")
            .await
            .expect("a row of the label");
        assert_eq!((values.used, values.cap), (200, Some(200)));
        assert_eq!(
            values.folded_calls,
            Some([60, 1][usize::from(restart)]),
            "since the start"
        );
        assert!(house.engine.close().await, "a checkpoint, for the restart");
        assert!(house.engine.compact().await);
    }
    let count = limit(&house, "kept_labels").await.expect("a row of labels");
    assert_eq!((count.used, count.cap, count.chosen), (1, Some(4), true));
    let known = house.engine.series(&scope());
    assert_eq!(known.kept_labels, ["user"]);
    assert_eq!(known.dimensions["label.user"].len(), most + 1);
}

#[tokio::test]
async fn a_change_of_the_setting_holds_from_then_on_and_leaves_what_was() {
    let house = house(&["team"]).await;
    push(&house, &[call(HOUR, &[("team", "a"), ("region", "eu")])]).await;
    let (store, clock) = house.stop().await;
    let house = House::keeping(&["region"], store, clock).await;
    push(&house, &[call(0, &[("team", "a"), ("region", "eu")])]).await;
    let by_team = expected(&[(&[""], 1.0), (&["a"], 1.0)]);
    let by_region = expected(&[(&[""], 1.0), (&["eu"], 1.0)]);
    assert_eq!(sums(&house, "requests", &["label.team"], "").await, by_team);
    assert_eq!(sums(&house, "requests", &["label.region"], "").await, by_region);
    assert!(limit(&house, "label_values.team").await.is_none());
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    assert_eq!(sums(&house, "requests", &["label.team"], "").await, by_team);
    assert_eq!(sums(&house, "requests", &["label.region"], "").await, by_region);
    assert!(house.engine.series(&scope()).kept_labels.is_empty());
}

#[tokio::test]
async fn the_explore_page_offers_kept_labels() {
    let house = house(&["team", "zone"]).await;
    push(
        &house,
        &[call(60_000, &[("team", "a")]), call(60_000, &[("team", "b")])],
    )
    .await;
    let question = |metric: &str, group_by: &str| ExploreQuestion {
        metric: metric.into(),
        group_by: group_by.into(),
        from: "now-1h".into(),
        to: "now".into(),
        ..ExploreQuestion::default()
    };
    let scope = scope();
    let by_team = house.engine.explore(&scope, question("requests", "label.team"));
    let answer = by_team.await.expect("an answer");
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.group.clone(), row.whole))
        .collect();
    assert_eq!(
        rows,
        [
            (vec!["a".to_owned()], Some(1.0)),
            (vec!["b".to_owned()], Some(1.0))
        ]
    );
    let known = |key: &str| answer.known.iter().find(|known| known.key == key);
    assert_eq!(known("label.team").expect("offered").values, ["a", "b"]);
    assert!(known("label.zone").expect("offered").values.is_empty());
    let by_breaker = house.engine.explore(&scope, question("openings", "breaker"));
    let breakers = by_breaker.await.expect("an answer");
    assert!(
        breakers
            .known
            .iter()
            .all(|known| !known.key.starts_with("label."))
    );
}

#[tokio::test]
async fn single_calls_are_found_by_any_label() {
    let house = house(&["team"]).await;
    push(
        &house,
        &[
            call(60_000, &[("team", "a"), ("user", "u1")]),
            call(60_000, &[("team", "b"), ("user", "u2")]),
            call(60_000, &[]),
        ],
    )
    .await;
    for (filter, count) in [
        ("label.user:u1", 1),
        ("label.team:b", 1),
        ("label.user:\"\"", 1),
        ("label.user:!u1", 2),
        ("label.nobody:x", 0),
        ("u2", 1),
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

/// What happens between two batches.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Flush,
    Compact,
    Crash,
}

/// Age, team and region of calls that are sent together.
type Batch = Vec<(i64, u8, u8)>;

fn batches() -> impl Strategy<Value = Vec<(Batch, Then)>> {
    let calls = proptest::collection::vec((0i64..5 * HOUR, 0u8..4, 0u8..3), 1..12);
    let then = prop_oneof![
        Just(Then::Nothing),
        Just(Then::Flush),
        Just(Then::Compact),
        Just(Then::Crash)
    ];
    proptest::collection::vec((calls, then), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_value_has_exactly_what_was_sent_with_it(batches in batches()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut house = house(&["team", "region"]).await;
            let mut sent = Sums::new();
            for (calls, then) in &batches {
                let name = |letter: &str, nth: u8| if nth == 0 { String::new() } else { [letter, &nth.to_string()].concat() };
                let lines: Vec<String> = calls.iter().map(|(age, team, region)| {
                    let (team, region) = (name("t", *team), name("r", *region));
                    let line = call(*age, &[("region", &region), ("team", &team), ("user", "x")]);
                    *sent.entry(vec![team, region]).or_default() += 1.0;
                    line
                }).collect();
                push(&house, &lines).await;
                match then {
                    Then::Nothing => {}
                    Then::Flush => assert!(house.engine.close().await),
                    Then::Compact => assert!(house.engine.compact().await),
                    Then::Crash => {
                        let (store, clock) = house.crash().await;
                        house = House::keeping(&["team", "region"], store, clock).await;
                    }
                }
                assert_eq!(sums(&house, "requests", &["label.team", "label.region"], "").await, sent);
            }
        });
    }
}
