//! The Explore page, from what was sent.

use crate::common::{House, START, scope, transition};
use engine::{PageError, QueryError};
use protocol::view::{ExploreQuestion, ExploreRow, Explored, MAX_DRAWN};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn call(provider: &str, age: i64, fields: &str) -> String {
    let time = START - age;
    let duration = match fields.contains("duration_ms") {
        true => "",
        false => r#","duration_ms":400"#,
    };
    format!(
        r#"{{"type":"call","time":{time},"provider":"{provider}","model":"m","outcome":"ok"{duration}{fields}}}"#
    )
}

async fn push(house: &House, events: &[String]) {
    let reply = house.push(&format!("[{}]", events.join(","))).await;
    assert_eq!(reply.accepted as usize, events.len());
}

fn question(metric: &str, group_by: &str, from: &str) -> ExploreQuestion {
    ExploreQuestion {
        metric: metric.into(),
        group_by: group_by.into(),
        from: from.into(),
        to: "now".into(),
        ..ExploreQuestion::default()
    }
}

async fn ask(house: &House, question: ExploreQuestion) -> Explored {
    house.engine.explore(&scope(), question).await.expect("an answer")
}

fn row<'a>(answer: &'a Explored, name: &str) -> &'a ExploreRow {
    let found = answer.rows.iter().find(|row| row.group == [name]);
    found.unwrap_or_else(|| panic!("no row of {name}"))
}

fn names(answer: &Explored) -> Vec<&str> {
    answer.rows.iter().map(|row| row.group[0].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_have_totals_and_shares_and_the_largest_is_first() {
    let house = House::new().await;
    let mut events: Vec<String> = (0..30)
        .map(|nth| call("openai", (nth + 1) * MINUTE, r#","cost_usd":0.5"#))
        .collect();
    events.extend((0..10).map(|nth| call("anthropic", (nth + 1) * MINUTE, r#","cost_usd":0.5"#)));
    push(&house, &events).await;
    let answer = ask(&house, question("cost", "provider", "now-1h")).await;
    assert!(answer.adds_up);
    assert_eq!(names(&answer), ["openai", "anthropic"]);
    let openai = row(&answer, "openai");
    assert_eq!((openai.whole, openai.share), (Some(15.0), Some(0.75)));
    assert_eq!(
        openai.points.len() as i64,
        (answer.to - answer.from) / answer.step
    );
    assert_eq!(openai.points.iter().flatten().sum::<f64>(), 15.0);
    assert_eq!(openai.max, Some(0.5));
    assert_eq!(
        (openai.colour, row(&answer, "anthropic").colour),
        (Some(1), Some(0)),
        "by name"
    );
    assert_eq!(
        (answer.words.as_str(), answer.rung.as_str()),
        ("Last hour", "10s")
    );
    assert_eq!(
        (answer.span_from, answer.span_to, answer.as_of),
        (START - HOUR, START, START)
    );
    assert!(answer.rest.is_empty() && answer.before_from.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figure_of_the_whole_range_is_no_mean_of_steps() {
    let house = House::new().await;
    // One slow call alone in its step, many fast ones in another.
    let mut events: Vec<String> = (0..99)
        .map(|_| call("openai", 30 * MINUTE, r#","duration_ms":100"#))
        .collect();
    events.push(call("openai", 10 * MINUTE, r#","duration_ms":9000"#));
    push(&house, &events).await;
    let answer = ask(&house, question("latency_p50", "", "now-1h")).await;
    assert_eq!(answer.rows.len(), 1);
    let all = &answer.rows[0];
    assert!(all.group.is_empty() && all.share.is_none());
    let whole = all.whole.expect("a median");
    assert!((whole - 100.0).abs() <= 1.0, "{whole}");
    let slowest = all.max.expect("a slow step");
    assert!((slowest - 9_000.0).abs() <= 90.0, "{slowest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_is_of_the_stretch_before() {
    let house = House::new().await;
    let mut events: Vec<String> = (0..6)
        .map(|nth| call("openai", (10 + nth) * MINUTE, ""))
        .collect();
    events.extend((0..3).map(|nth| call("openai", 70 * MINUTE + nth * MINUTE, "")));
    push(&house, &events).await;
    let with = ExploreQuestion {
        compare: true,
        ..question("requests", "provider", "now-1h")
    };
    let answer = ask(&house, with).await;
    let openai = row(&answer, "openai");
    assert_eq!((openai.whole, openai.before), (Some(6.0), Some(3.0)));
    assert_eq!(openai.before_points.len(), openai.points.len());
    assert_eq!(answer.before_from, Some(answer.from - (answer.to - answer.from)));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_groups_than_are_drawn_are_listed_and_summed_up() {
    let house = House::new().await;
    let events: Vec<String> = (0..20_i64)
        .flat_map(|nth| (0..=nth).map(move |_| call(&format!("p{nth:02}"), 5 * MINUTE, "")))
        .collect();
    push(&house, &events).await;
    let answer = ask(&house, question("requests", "provider", "now-1h")).await;
    assert_eq!(answer.rows.len(), 20);
    let drawn = answer.rows.iter().filter(|row| row.colour.is_some()).count();
    assert_eq!(drawn, MAX_DRAWN);
    assert_eq!(
        answer.rest.iter().flatten().sum::<f64>(),
        (1..=8).sum::<i64>() as f64
    );
    assert!(row(&answer, "p00").points.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn breakers_can_be_explored_and_filters_have_suggestions() {
    let house = House::new().await;
    push(&house, &[call("openai", MINUTE, "")]).await;
    // The first word about an instance is no opening.
    for (state, age) in [("closed", 2 * MINUTE), ("open", MINUTE)] {
        let at = format!(r#"{{"time":{},"#, START - age);
        let event = transition("claude", "api-1", state).replacen('{', &at, 1);
        push(&house, &[event]).await;
    }
    let answer = ask(&house, question("openings", "breaker", "now-1h")).await;
    assert_eq!(
        (answer.rung.as_str(), row(&answer, "claude").whole),
        ("events", Some(1.0))
    );
    let values = |answer: &Explored, key: &str| {
        let known = answer.known.iter().find(|known| known.key == key);
        known.map(|known| known.values.clone())
    };
    assert_eq!(values(&answer, "breaker"), Some(vec!["claude".into()]));
    assert_eq!(values(&answer, "model"), None);
    let calls = ask(&house, question("requests", "", "now-1h")).await;
    assert_eq!(values(&calls, "provider"), Some(vec!["openai".into()]));
    assert_eq!(values(&calls, "breaker"), None);
    assert!(values(&calls, "outcome").is_some_and(|values| values.contains(&"timeout".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let house = House::new().await;
    let refused = async |question: ExploreQuestion| {
        house
            .engine
            .explore(&scope(), question)
            .await
            .expect_err("refused")
    };
    for (question, field) in [
        (question("speed", "", "now-1h"), "metric:"),
        (question("cost", "colour", "now-1h"), "group_by:"),
        (question("latency_p95", "outcome", "now-1h"), "group_by:"),
        (
            ExploreQuestion {
                filter: "colour:red".into(),
                ..question("cost", "", "now-1h")
            },
            "filter:",
        ),
        (question("cost", "", "soon"), "from:"),
    ] {
        let error = refused(question).await;
        assert!(error.to_string().starts_with(field), "{error}");
    }
    let many: Vec<String> = (0..201).map(|nth| call(&format!("p{nth}"), MINUTE, "")).collect();
    push(&house, &many).await;
    let error = refused(question("requests", "provider", "now-1h")).await;
    assert!(matches!(
        error,
        PageError::Query(QueryError::TooManySeries { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_sent_is_an_empty_answer() {
    let house = House::new().await;
    let answer = ask(&house, question("requests", "provider", "now-24h")).await;
    assert!(answer.rows.is_empty() && answer.markers.is_empty());
}
