//! Objectives over a real engine: what is left of a budget is worked out again from the calls that were sent, and the rule
//! that is made with one click fires on an outage.

use engine::{AlertError, AlertSearch};
use protocol::kpis::slo::{SloDoc, SloStatus, SloWindow};

use crate::common::hand::hand;
use crate::common::{House, START, scope};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn doc(indicator: &str, limit: Option<f64>, window: SloWindow) -> SloDoc {
    SloDoc {
        name: format!("{indicator} of chat"),
        about: String::new(),
        indicator: indicator.into(),
        limit,
        filter: "service:chat".into(),
        objective: 0.9,
        window,
        owner: String::new(),
    }
}

fn days(days: u16) -> SloWindow {
    SloWindow::Rolling { days }
}

/// A call as it was sent.
#[derive(Clone, Copy)]
struct Sent {
    time: i64,
    service: &'static str,
    provider: &'static str,
    outcome: &'static str,
    attempt: u8,
    ttft_ms: u64,
}

impl Sent {
    fn json(&self) -> String {
        let Sent {
            time,
            service,
            provider,
            outcome,
            attempt,
            ttft_ms,
        } = self;
        let ttft = match *outcome {
            "ok" => format!(r#","ttft_ms":{ttft_ms}"#),
            _ => String::new(),
        };
        format!(
            r#"{{"type":"call","time":{time},"service":"{service}","provider":"{provider}","model":"m","outcome":"{outcome}","attempt":{attempt},"duration_ms":5000{ttft}}}"#
        )
    }

    /// What *answered* leaves out of the requests.
    fn is_request(&self) -> bool {
        self.attempt == 1 && !["cancelled", "bad_request", "content_filtered"].contains(&self.outcome)
    }
}

/// Calls of four days, every two minutes: most are answered, some fail at one of two providers, some are retried, some are
/// of another service, and of one hour there is nothing.
fn sent() -> Vec<Sent> {
    let outcomes = [
        "ok",
        "ok",
        "ok",
        "timeout",
        "ok",
        "cancelled",
        "ok",
        "server_error",
        "ok",
        "ok",
        "ok",
    ];
    let gap = START - 20 * HOUR..START - 19 * HOUR;
    (1..=4 * 720)
        .map(|n: usize| Sent {
            time: START - n as i64 * 2 * MINUTE,
            service: if n.is_multiple_of(5) { "search" } else { "chat" },
            provider: if n.is_multiple_of(3) {
                "anthropic"
            } else {
                "openai"
            },
            outcome: outcomes[n % outcomes.len()],
            attempt: if n.is_multiple_of(7) { 2 } else { 1 },
            // Nothing is near the limit of 800 ms, which sketches tell to 1%.
            ttft_ms: if n.is_multiple_of(13) { 1_500 } else { 300 },
        })
        .filter(|call| !gap.contains(&call.time))
        .collect()
}

async fn house(calls: &[Sent]) -> House {
    let house = House::new().await;
    for part in calls.chunks(500) {
        let lines: Vec<String> = part.iter().map(Sent::json).collect();
        house.push(&format!("[{}]", lines.join(","))).await;
    }
    house
}

async fn kept(house: &House, doc: &SloDoc) -> SloStatus {
    let made = house.engine.create_document(&scope(), doc, &hand("ada")).await;
    let id = made.expect("the objective is kept").id;
    let (_, status) = house
        .engine
        .slo_status(&scope(), id)
        .await
        .expect("it stands somehow");
    assert_eq!(status.problem, None);
    status
}

fn count(calls: &[Sent], counts: impl Fn(&Sent) -> bool) -> u64 {
    calls
        .iter()
        .filter(|call| call.service == "chat" && counts(call))
        .count() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_what_the_calls_say() {
    let calls = sent();
    let house = house(&calls).await;
    // Flushed or not: figures come from both.
    assert!(house.engine.compact().await);
    let two: Vec<Sent> = calls
        .iter()
        .filter(|call| call.time >= START - 2 * DAY)
        .copied()
        .collect();
    let ok = |call: &Sent| call.outcome == "ok";
    let judged = |call: &Sent| call.outcome != "cancelled";
    let failed = |call: &Sent| ["timeout", "server_error"].contains(&call.outcome);
    for (name, limit, good, valid) in [
        ("answered", None, count(&two, ok), count(&two, Sent::is_request)),
        ("attempt_success", None, count(&two, ok), count(&two, judged)),
        (
            "availability",
            None,
            count(&two, judged) - count(&two, failed),
            count(&two, judged),
        ),
        (
            "ttft",
            Some(800.0),
            count(&two, |call| ok(call) && call.ttft_ms < 800),
            count(&two, ok),
        ),
    ] {
        let status = kept(&house, &doc(name, limit, days(2))).await;
        assert_eq!((status.from, status.to), (START - 2 * DAY, START));
        let bad = valid.saturating_sub(good);
        assert_eq!((status.valid, status.bad), (valid, bad), "{name}");
        let left = 1.0 - bad as f64 / (0.1 * valid as f64);
        assert!(
            (status.left.unwrap() - left).abs() < 1e-9,
            "{name}: {left} {:?}",
            status.left
        );
        let last = status.left_over_time.iter().rev().find_map(|(_, left)| *left);
        assert!(
            (last.unwrap() - left).abs() < 1e-9,
            "{name}: the way down ends where it is now"
        );
        let gaps: Vec<i64> = status
            .left_over_time
            .iter()
            .filter(|(_, left)| left.is_none())
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(
            gaps,
            [START - 19 * HOUR],
            "{name}: nothing was sent in one hour, and that is not good"
        );
        assert_eq!(status.burn.len(), 4);
        let day: Vec<Sent> = two
            .iter()
            .filter(|call| call.time >= START - DAY)
            .copied()
            .collect();
        if name == "availability" {
            let burn = count(&day, failed) as f64 / count(&day, judged) as f64 / 0.1;
            assert!((status.burn[2].rate.unwrap() - burn).abs() < 1e-9);
            let by = |provider: &str| count(&two, |call| failed(call) && call.provider == provider);
            let mut ate: Vec<(&str, u64)> = status
                .ate
                .iter()
                .map(|one| (one.provider.as_str(), one.bad))
                .collect();
            ate.sort_unstable();
            assert_eq!(ate, [("anthropic", by("anthropic")), ("openai", by("openai"))]);
            assert!((status.ate.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_are_good_or_bad_as_a_whole() {
    let calls: Vec<Sent> = sent()
        .into_iter()
        .filter(|call| call.time >= START - DAY)
        .collect();
    let house = house(&calls).await;
    let stream = r#"{"type":"call","time":TIME,"service":"chat","provider":"openai","model":"m","outcome":"ok","duration_ms":2000,"ttft_ms":1000,"output_tokens":TOKENS}"#;
    let other = SloDoc {
        filter: "service:voice".into(),
        ..doc("tokens_per_second", Some(20.0), days(1))
    };
    // Ten minutes with 50 tokens in a second, four with 10; of the rest nothing is known.
    let lines: Vec<String> = (0..14)
        .map(|n| {
            let tokens = if n < 10 { "50" } else { "10" };
            let time = (START - 2 * HOUR + n * MINUTE + 1_000).to_string();
            let line = stream.replace("TIME", &time).replace("TOKENS", tokens);
            line.replace("\"chat\"", "\"voice\"")
        })
        .collect();
    house.push(&format!("[{}]", lines.join(","))).await;
    let status = kept(&house, &other).await;
    assert_eq!(
        (status.good, status.valid, status.events.as_str()),
        (10, 14, "minutes")
    );
    assert!(status.ate.is_empty());
    let stand_ins = SloDoc {
        filter: "service:voice".into(),
        ..doc("fallback_rate", Some(0.05), days(1))
    };
    let status = kept(&house, &stand_ins).await;
    assert_eq!((status.good, status.valid), (14, 14));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_sent_is_nothing_known() {
    let house = House::new().await;
    let status = kept(&house, &doc("answered", None, days(30))).await;
    assert_eq!(
        (status.now, status.left, status.used_up, status.exhausted),
        (None, None, None, None)
    );
    assert!(status.left_over_time.iter().all(|(_, left)| left.is_none()));
    assert_eq!(status.projection, "Nothing was sent in this window.");
    let told = house
        .engine
        .slo_preview(&scope(), &doc("answered", None, days(30)))
        .await
        .unwrap();
    assert_eq!(told.held, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overspent_budget_says_since_when_and_would_not_have_held() {
    let calls: Vec<Sent> = (1..=300)
        .map(|n| Sent {
            time: START - n * 2 * MINUTE,
            service: "chat",
            provider: "openai",
            // The last hour failed.
            outcome: if n <= 30 { "timeout" } else { "ok" },
            attempt: 1,
            ttft_ms: 100,
        })
        .collect();
    let house = house(&calls).await;
    let slo = SloDoc {
        objective: 0.99,
        ..doc("answered", None, days(1))
    };
    let status = kept(&house, &slo).await;
    assert_eq!((status.valid, status.bad), (300, 30));
    assert!((status.left.unwrap() + 9.0).abs() < 1e-6, "{:?}", status.left);
    assert!(
        status
            .used_up
            .is_some_and(|since| since > START - 3 * HOUR && since <= START + HOUR)
    );
    assert_eq!(status.exhausted, None, "it is gone already");
    assert!(
        status
            .projection
            .starts_with("The budget has been used up since "),
        "{}",
        status.projection
    );
    let told = house.engine.slo_preview(&scope(), &slo).await.unwrap();
    assert_eq!(told.held, Some(false), "{}", told.words);
}

/// Lets time pass in steps of 10 s; in each second a call goes out and ends so.
async fn pass(house: &House, seconds: i64, outcome: &'static str) {
    for _ in 0..seconds / 10 {
        let now = house.clock.now();
        let calls: Vec<String> = (0..10)
            .map(|second| {
                let call = Sent {
                    time: now + second * 1_000,
                    service: "chat",
                    provider: "openai",
                    outcome,
                    attempt: 1,
                    ttft_ms: 100,
                };
                call.json()
            })
            .collect();
        house.clock.advance(10_000);
        house.push(&format!("[{}]", calls.join(","))).await;
        assert!(house.engine.evaluate().await, "the evaluation works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_makes_one_rule_and_it_fires_on_an_outage() {
    let house = House::new().await;
    let slo = SloDoc {
        objective: 0.995,
        ..doc("answered", None, days(30))
    };
    let item = house
        .engine
        .create_document(&scope(), &slo, &hand("ada"))
        .await
        .unwrap();
    let first = house
        .engine
        .slo_rule(&scope(), item.id, &hand("ada"))
        .await
        .unwrap();
    assert!(first.made);
    assert_eq!(first.rule.rule.name, "Budget: answered of chat");
    let again = house
        .engine
        .slo_rule(&scope(), item.id, &hand("ada"))
        .await
        .unwrap();
    assert!(!again.made);
    assert_eq!(
        (again.rule.id, again.rule.version),
        (first.rule.id, first.rule.version)
    );

    pass(&house, 600, "ok").await;
    let fired = async || {
        let all = house
            .engine
            .alerts(&scope(), &AlertSearch::default())
            .await
            .unwrap()
            .items;
        all.into_iter()
            .filter(|alert| alert.rule == first.rule.id)
            .count()
    };
    assert_eq!(fired().await, 0);
    pass(&house, 300, "server_error").await;
    assert_eq!(fired().await, 1);
    let (_, status) = house.engine.slo_status(&scope(), item.id).await.unwrap();
    let rule = status.rule.expect("it is told of its rule");
    assert_eq!((rule.id, rule.follows, rule.open), (first.rule.id, true, 1));
    assert!(status.left.is_some_and(|left| left < 0.0));

    // Something else is promised: the rule follows when it is asked to, and stays the same rule.
    let stricter = SloDoc {
        objective: 0.999,
        ..slo
    };
    let changed = house
        .engine
        .change_document(&scope(), item.id, Some(item.version), &stricter, &hand("ada"))
        .await;
    changed.unwrap();
    let (_, status) = house.engine.slo_status(&scope(), item.id).await.unwrap();
    assert!(status.rule.is_some_and(|rule| !rule.follows));
    let followed = house
        .engine
        .slo_rule(&scope(), item.id, &hand("ada"))
        .await
        .unwrap();
    assert_eq!((followed.made, followed.rule.id), (false, first.rule.id));
    let (_, status) = house.engine.slo_status(&scope(), item.id).await.unwrap();
    assert!(status.rule.is_some_and(|rule| rule.follows));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_shares_of_calls_have_a_rule() {
    let house = House::new().await;
    let slo = doc("ttft", Some(800.0), days(7));
    let item = house
        .engine
        .create_document(&scope(), &slo, &hand("ada"))
        .await
        .unwrap();
    let refused = house.engine.slo_rule(&scope(), item.id, &hand("ada")).await;
    assert!(matches!(refused, Err(AlertError::Conflict(_))), "{refused:?}");
    let nobody = house.engine.slo_rule(&scope(), 99, &hand("ada")).await;
    assert!(matches!(nobody, Err(AlertError::Missing)), "{nobody:?}");
}
