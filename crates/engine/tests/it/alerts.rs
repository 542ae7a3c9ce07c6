//! Alerts from an event to a resolved incident: the evaluator over a real engine, on a clock that the test moves.

use crate::common::hand::hand;
use crate::common::told::{listen, told};
use crate::common::{House, START, ok_call, scope, transition};
use domain::alert::{Command, matchers};
use engine::{AlertError, AlertSearch, SilenceRequest};
use protocol::Span;
use protocol::alerts::{AlertItem, ConditionDoc, RuleDoc};

const MINUTE: i64 = 60_000;

fn ack(name: &str) -> Command {
    Command::Acknowledge {
        by: hand(name).who,
        note: "on it".into(),
        until: None,
        take_over: false,
    }
}

/// A call at a time.
fn call(provider: &str, at: i64, outcome: &str, ms: u32) -> String {
    format!(
        r#"{{"type":"call","time":{at},"provider":"{provider}","model":"m","service":"chat","outcome":"{outcome}","duration_ms":{ms}}}"#
    )
}

/// Lets time pass in steps of 10 s; in each second a call goes out and ends so. Every due evaluation is made.
async fn pass(house: &House, seconds: i64, outcome: impl Fn(i64) -> &'static str) {
    for _ in 0..seconds / 10 {
        let now = house.clock.now();
        let calls: Vec<String> = (0..10)
            .map(|second| call("anthropic", now + second * 1_000, outcome(now), 100))
            .collect();
        house.clock.advance(10_000);
        house.push(&format!("[{}]", calls.join(","))).await;
        assert!(house.engine.evaluate().await, "the evaluation works");
    }
}

async fn alerts(house: &House) -> Vec<AlertItem> {
    let all = AlertSearch::default();
    house
        .engine
        .alerts(&scope(), &all)
        .await
        .expect("alerts can be read")
        .items
}

async fn named(house: &House, rule: &str) -> Vec<AlertItem> {
    let mut found = alerts(house).await;
    found.retain(|alert| alert.rule_name == rule);
    found
}

async fn kinds(house: &House, id: u64) -> Vec<String> {
    let detail = house.engine.alert(&scope(), id).await.expect("it is there");
    detail.timeline.into_iter().map(|event| event.kind).collect()
}

fn doc(name: &str, condition: ConditionDoc) -> RuleDoc {
    RuleDoc {
        name: name.into(),
        about: String::new(),
        condition,
        for_ms: 0,
        min_samples: 0,
        severity: "warning".into(),
        labels: [("team".to_owned(), "llm".to_owned())].into(),
        runbook: Some("https://example.com/x".into()),
        tell: Vec::new(),
        enabled: true,
        quiet_until: None,
        escalation: None,
    }
}

fn slow(limit: f64, window_ms: i64) -> ConditionDoc {
    ConditionDoc::Threshold {
        metric: "latency_p95".into(),
        group_by: vec!["provider".into()],
        filter: String::new(),
        window_ms,
        side: "above".into(),
        limit,
        clear: limit * 0.8,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trip_is_an_alert_at_once_and_a_recovery_ends_it() {
    let house = House::new().await;
    listen(&house).await;
    house
        .push(&format!(
            "[{},{}]",
            transition("sonnet", "a", "open"),
            transition("sonnet", "b", "closed")
        ))
        .await;
    assert!(house.engine.evaluate().await);
    let open = alerts(&house).await;
    let [alert] = &open[..] else { panic!("{open:?}") };
    assert_eq!(alert.title, "Breaker open: sonnet");
    assert_eq!(alert.summary, "1 of 2 instances are open");
    assert_eq!(
        (alert.phase.as_str(), alert.severity.as_str()),
        ("firing", "critical")
    );
    assert_eq!(alert.labels["provider"], "anthropic");
    let rows = told(&house).await;
    assert_eq!(rows.len(), 1, "written with the alert");
    house.clock.advance(30_000);
    house.push(&transition("sonnet", "a", "closed")).await;
    assert!(house.engine.evaluate().await);
    let over = alerts(&house).await;
    assert_eq!(over[0].phase, "resolved");
    assert_eq!(over[0].resolution.as_deref(), Some("it is good again"));
    assert_eq!(kinds(&house, over[0].id).await, ["fired", "resolved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_itself_wakes_the_evaluator() {
    let house = House::new().await;
    // The first turn of the tasks makes the rules.
    house.engine.rules(&scope()).await.unwrap();
    house.push(&transition("sonnet", "a", "open")).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while alerts(&house).await.is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "nothing woke it");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_incident_and_its_symptoms_are_held_back() {
    let house = House::new().await;
    listen(&house).await;
    pass(&house, 120, |_| "ok").await;
    house.push(&transition("sonnet", "a", "open")).await;
    pass(&house, 300, |_| "server_error").await;
    let cause = named(&house, "Breaker open").await.remove(0);
    let symptoms = named(&house, "Attempts failing").await;
    let [symptom] = &symptoms[..] else {
        panic!("{symptoms:?}")
    };
    assert_eq!(
        (symptom.phase.as_str(), symptom.cause),
        ("suppressed", Some(cause.id))
    );
    assert_eq!(symptom.incident, Some(cause.id));
    assert_eq!(cause.incident, Some(cause.id), "whoever began it belongs to it");
    assert_eq!(symptom.held, format!("explained by alert {}", cause.id));
    let rows = told(&house).await;
    assert_eq!(rows.len(), 1, "only the cause is told of: {rows:?}");
    // It recovers: the window of the symptom still holds failures, and nobody is woken by that.
    house.push(&transition("sonnet", "a", "closed")).await;
    pass(&house, 60, |_| "ok").await;
    assert_eq!(named(&house, "Breaker open").await[0].phase, "resolved");
    assert_eq!(named(&house, "Attempts failing").await[0].phase, "suppressed");
    pass(&house, 400, |_| "ok").await;
    assert_eq!(named(&house, "Attempts failing").await[0].phase, "resolved");
    let rows = told(&house).await;
    assert_eq!(rows.len(), 2, "fired and resolved, of the cause: {rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_alert_survives_a_restart_and_does_not_fire_twice() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let before = alerts(&house).await;
    let taken = house
        .engine
        .handle_alert(&scope(), before[0].id, None, ack("ada"), &hand("ada"))
        .await;
    taken.unwrap();
    for _ in 0..3 {
        let (store, clock) = house_again(&house).await;
        let again = House::on(store, clock).await;
        assert!(again.engine.evaluate().await);
        let after = alerts(&again).await;
        assert_eq!(after.len(), 1, "it fired twice: {after:?}");
        assert_eq!(after[0].phase, "acknowledged");
        assert_eq!(kinds(&again, 1).await, ["fired", "acknowledged"]);
        again.supervisor.shutdown(std::time::Duration::from_secs(5)).await;
    }
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    house.clock.advance(20_000);
    house.push(&transition("sonnet", "a", "closed")).await;
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await[0].phase, "resolved");
}

/// The same data for another engine; the first goes on.
async fn house_again(house: &House) -> (std::sync::Arc<store::memory::MemoryStore>, engine::Clock) {
    (house.store.clone(), house.clock.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pending_before_a_restart_is_pending_after_it() {
    let house = House::new().await;
    let mut rule = doc("Slow", slow(50.0, 10_000));
    rule.for_ms = 2 * MINUTE;
    house
        .engine
        .create_rule(&scope(), &rule, &hand("ada"))
        .await
        .unwrap();
    pass(&house, 80, |_| "ok").await;
    assert!(named(&house, "Slow").await.is_empty());
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    pass(&house, 80, |_| "ok").await;
    let fired = named(&house, "Slow").await;
    assert_eq!(fired.len(), 1, "it began anew at the restart");
    assert!(fired[0].fired - fired[0].since < 2 * MINUTE + 20_000, "{fired:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_acknowledge_one_has_it() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let scope = scope();
    let (ada, bob) = (hand("ada"), hand("bob"));
    let (first, second) = tokio::join!(
        house.engine.handle_alert(&scope, 1, None, ack("ada"), &ada),
        house.engine.handle_alert(&scope, 1, None, ack("bob"), &bob),
    );
    let (won, lost) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    let owner = won.unwrap().owner.unwrap().name;
    let lost = lost.unwrap_err();
    assert!(lost.is_taken());
    assert_eq!(lost.to_string(), format!("already acknowledged by {owner}"));
    let stale = house.engine.handle_alert(
        &scope,
        1,
        Some(1),
        Command::Unacknowledge { by: ada.who.clone() },
        &ada,
    );
    assert!(matches!(
        stale.await,
        Err(AlertError::Stale { wanted: 1, found: 2 })
    ));
    let missing = house
        .engine
        .handle_alert(&scope, 99, None, ack("ada"), &ada)
        .await;
    assert!(matches!(missing, Err(AlertError::Missing)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_runs_out_needs_somebody_again() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let until = house.clock.now() + MINUTE;
    let brief = Command::Acknowledge {
        by: hand("ada").who,
        note: String::new(),
        until: Some(until),
        take_over: false,
    };
    house
        .engine
        .handle_alert(&scope(), 1, None, brief, &hand("ada"))
        .await
        .unwrap();
    house.clock.advance(MINUTE + 1);
    assert!(house.engine.evaluate().await);
    assert_eq!(kinds(&house, 1).await, ["fired", "acknowledged", "refired"]);
    assert_eq!(alerts(&house).await[0].phase, "firing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_resolved_is_left_alone_until_it_clears() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let over = Command::Resolve {
        by: Some(hand("ada").who),
        why: "known".into(),
    };
    house
        .engine
        .handle_alert(&scope(), 1, None, over, &hand("ada"))
        .await
        .unwrap();
    for _ in 0..3 {
        house.clock.advance(10_000);
        assert!(house.engine.evaluate().await);
    }
    assert_eq!(alerts(&house).await.len(), 1, "it is still open, and left alone");
    // A restart does not forget whose hand it was.
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await.len(), 1);
    house.push(&transition("sonnet", "a", "closed")).await;
    assert!(house.engine.evaluate().await);
    house.clock.advance(10_000);
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await.len(), 2, "it opened anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn silences_hide_while_they_last_and_say_what_they_hide() {
    let house = House::new().await;
    house.push(&transition("sonnet", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    let about = matchers(r#"provider=~"anth.*",severity="critical""#).unwrap();
    let (count, shown) = house.engine.preview_silence(&scope(), &about).await.unwrap();
    assert_eq!((count, shown[0].id), (1, 1));
    let request = SilenceRequest {
        matchers: about,
        starts: None,
        ends: house.clock.now() + MINUTE,
        repeat: None,
        comment: "they said so".into(),
    };
    let made = house
        .engine
        .create_silence(&scope(), request, &hand("ada"))
        .await
        .unwrap();
    assert_eq!((made.state.as_str(), made.hides), ("active", 1));
    assert_eq!(alerts(&house).await[0].phase, "suppressed");
    assert_eq!(alerts(&house).await[0].held, "hidden by silence 1");
    house.push(&transition("haiku", "a", "open")).await;
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await[0].phase, "suppressed", "a new one as well");
    house.clock.advance(MINUTE);
    assert!(house.engine.evaluate().await);
    assert_eq!(alerts(&house).await[1].phase, "firing", "it ran out");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_of_a_service_is_found() {
    let house = House::new().await;
    let absent = ConditionDoc::Absence {
        group_by: vec!["service".into()],
        filter: String::new(),
        after_ms: 2 * MINUTE,
    };
    let mut rule = doc("Gone", absent);
    rule.min_samples = 30;
    house
        .engine
        .create_rule(&scope(), &rule, &hand("ada"))
        .await
        .unwrap();
    pass(&house, 60, |_| "ok").await;
    for _ in 0..14 {
        house.clock.advance(10_000);
        assert!(house.engine.evaluate().await);
    }
    let gone = named(&house, "Gone").await;
    let [gone] = &gone[..] else { panic!("{gone:?}") };
    assert_eq!(gone.title, "Gone: chat");
    assert_eq!(gone.labels["team"], "llm");
    assert!(
        gone.summary.starts_with("no calls for 2 min; "),
        "{}",
        gone.summary
    );
    pass(&house, 30, |_| "ok").await;
    assert_eq!(named(&house, "Gone").await[0].phase, "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn defaults_are_there_once_and_deleted_ones_stay_away() {
    let house = House::new().await;
    let rules = house.engine.rules(&scope()).await.unwrap();
    assert_eq!(rules.len(), 8);
    assert!(
        rules
            .iter()
            .all(|rule| rule.problem.is_none() && rule.rule.enabled)
    );
    house
        .engine
        .delete_rule(&scope(), rules[2].id, &hand("ada"))
        .await
        .unwrap();
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    let names: Vec<String> = house
        .engine
        .rules(&scope())
        .await
        .unwrap()
        .into_iter()
        .map(|rule| rule.rule.name)
        .collect();
    assert_eq!(names.len(), 7);
    assert!(!names.contains(&rules[2].rule.name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_makes_no_sense_is_refused_by_name() {
    let house = House::new().await;
    let refused = async |change: &dyn Fn(&mut RuleDoc)| {
        let mut rule = doc("Slow", slow(50.0, 10_000));
        change(&mut rule);
        let made = house.engine.create_rule(&scope(), &rule, &hand("ada")).await;
        made.unwrap_err().to_string()
    };
    let threshold = |metric: &str, filter: &str| ConditionDoc::Threshold {
        metric: metric.into(),
        group_by: vec![],
        filter: filter.into(),
        window_ms: MINUTE,
        side: "above".into(),
        limit: 1.0,
        clear: 0.5,
    };
    let metric = refused(&|rule| rule.condition = threshold("latencyp95", "")).await;
    assert_eq!(
        metric,
        "condition.metric: `latencyp95` is unknown; GET /api/v1/metrics lists them"
    );
    let filter = refused(&|rule| rule.condition = threshold("cost", "colour:red")).await;
    assert!(filter.starts_with("condition.filter: `colour:red`"), "{filter}");
    let name = refused(&|rule| rule.name = "Breaker open".into()).await;
    assert_eq!(name, "a rule named Breaker open is there already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_goes_away_ends_its_alerts() {
    let house = House::new().await;
    let rule = house
        .engine
        .create_rule(&scope(), &doc("Slow", slow(50.0, MINUTE)), &hand("ada"))
        .await
        .unwrap();
    pass(&house, 120, |_| "ok").await;
    assert_eq!(named(&house, "Slow").await[0].phase, "firing");
    house
        .engine
        .delete_rule(&scope(), rule.id, &hand("ada"))
        .await
        .unwrap();
    assert!(house.engine.evaluate().await);
    let over = named(&house, "Slow").await;
    assert_eq!(over[0].resolution.as_deref(), Some("its rule was deleted"));
}

/// "Would have fired" is what fired: the same rules, live and over what is stored afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_gives_what_was_given_live() {
    let house = House::new().await;
    let metric =
        |name: &str, metric: &str, side: &str, limit: f64, clear: f64, window_ms, min_samples| RuleDoc {
            min_samples,
            ..doc(
                name,
                ConditionDoc::Threshold {
                    metric: metric.into(),
                    group_by: vec!["provider".into()],
                    filter: String::new(),
                    window_ms,
                    side: side.into(),
                    limit,
                    clear,
                },
            )
        };
    let mut held = metric("Failing, held", "attempt_success", "below", 0.7, 0.9, MINUTE, 20);
    held.for_ms = 30_000;
    let rules = [
        metric("Failing", "attempt_success", "below", 0.9, 0.95, 30_000, 5),
        held,
        metric("Slow", "latency_p95", "above", 90.0, 80.0, 20_000, 0),
        doc(
            "Burning",
            ConditionDoc::BurnRate {
                metric: "answered".into(),
                group_by: vec![],
                filter: String::new(),
                objective: 0.9,
                windows: vec![protocol::alerts::BurnWindowDoc {
                    long_ms: 5 * MINUTE,
                    short_ms: MINUTE,
                    factor: 3.0,
                }],
            },
        ),
    ];
    for rule in &rules {
        house
            .engine
            .create_rule(&scope(), rule, &hand("ada"))
            .await
            .unwrap();
    }
    let begun = house.clock.now();
    // Trouble that comes and goes in no simple pattern, and is the same each time.
    pass(&house, 2_400, |now| match (now / 10_000) % 37 {
        3..=9 | 20 | 30..=32 => "server_error",
        _ => "ok",
    })
    .await;
    pass(&house, 900, |_| "ok").await;
    // Some of it in chunks, some not.
    for compacted in [false, true] {
        for rule in &rules {
            let span = Span {
                from: begun,
                to: house.clock.now(),
            };
            let told = house.engine.backtest(&scope(), rule, span).await.unwrap();
            let mut live = named(&house, &rule.name).await;
            live.reverse();
            let live: Vec<(i64, bool)> = live
                .iter()
                .map(|alert| (alert.since, !alert.held.is_empty()))
                .collect();
            let would: Vec<(i64, bool)> = told
                .times
                .iter()
                .map(|time| (time.since, time.flapping))
                .collect();
            let since =
                |times: &[(i64, bool)]| times.iter().map(|(since, _)| *since - START).collect::<Vec<_>>();
            assert_eq!(since(&would), since(&live), "{} {compacted}", rule.name);
            assert!(!would.is_empty(), "{} would never fire", rule.name);
            // The chart is beyond the limit wherever there is a mark.
            let is_bad = |value: f64| match rule.name.as_str() {
                "Failing" => value < 0.9,
                "Failing, held" => value < 0.7,
                "Slow" => value > 90.0,
                _ => value >= 1.0,
            };
            let steps = (told.to - told.from).div_euclid(told.step_ms);
            assert!(
                (steps..=steps + 1).contains(&(told.worst.len() as i64)),
                "{}",
                rule.name
            );
            for time in &told.times {
                let step = usize::try_from((time.fired - told.from - 1) / told.step_ms).unwrap();
                let worst = told.worst[step];
                assert!(worst.is_some_and(is_bad), "{} at {step}: {worst:?}", rule.name);
            }
            // Every call that succeeds takes as long: there was no good moment for this one.
            let was_good = told.worst.iter().flatten().any(|worst| !is_bad(*worst));
            assert_eq!(was_good, rule.name != "Slow", "{}", rule.name);
        }
        assert!(house.engine.compact().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_of_breakers_follows_their_transitions() {
    let house = House::new().await;
    let begun = house.clock.now();
    for _ in 0..3 {
        house.push(&transition("sonnet", "a", "open")).await;
        assert!(house.engine.evaluate().await);
        house.clock.advance(2 * MINUTE);
        house.push(&transition("sonnet", "a", "closed")).await;
        assert!(house.engine.evaluate().await);
        house.clock.advance(30 * MINUTE);
    }
    let rules = house.engine.rules(&scope()).await.unwrap();
    let rule = rules.iter().find(|rule| rule.origin == "breaker_open").unwrap();
    let span = Span {
        from: begun - 1,
        to: house.clock.now(),
    };
    let told = house.engine.backtest(&scope(), &rule.rule, span).await.unwrap();
    let mut live = named(&house, "Breaker open").await;
    live.reverse();
    let live: Vec<(i64, Option<i64>)> = live.iter().map(|alert| (alert.fired, alert.resolved)).collect();
    let would: Vec<(i64, Option<i64>)> = told.times.iter().map(|time| (time.fired, time.ended)).collect();
    assert_eq!(would, live);
    assert_eq!((told.fired, told.longest_ms, told.short), (3, 2 * MINUTE, 3));
    assert_eq!(told.worst, [], "instances that are open are no figure");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_traffic_nothing_fires() {
    let house = House::new().await;
    house.push(&ok_call("openai", 5)).await;
    for _ in 0..200 {
        house.clock.advance(30_000);
        assert!(house.engine.evaluate().await);
    }
    assert_eq!(alerts(&house).await, []);
}
