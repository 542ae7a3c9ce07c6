//! What our own SDK sends is read as it was meant: the two know nothing of each other but the public contract.

use std::time::Duration;

use domain::breaker;
use domain::event::{BreakerFigures, BreakerRef, FallbackFrom, Headroom, Quota};
use domain::{EventBody, event};
use fuseboard_client::{
    BreakerKind, CallEvent, HeadroomEvent, MarkerEvent, MarkerKind, Operation, Outcome, State, StatsEvent,
    Tier, TransitionEvent,
};
use serde::Serialize;

use crate::common::{self, NOW};

/// The one event, with nothing ignored.
fn read(sent: &impl Serialize) -> domain::Event {
    let mut parsed = common::read(&serde_json::to_string(sent).unwrap());
    assert_eq!(
        (parsed.refused.as_slice(), parsed.ignored_fields.as_slice()),
        (&[][..], &[][..])
    );
    parsed.events.remove(0)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn calls() {
    let sent = CallEvent::new("anthropic", "claude-sonnet", Outcome::Ok)
        .duration(Duration::from_micros(812_251))
        .ttft(Duration::from_micros(240_003))
        .at_ms(NOW - 7)
        .id("a-1")
        .environment("prod")
        .service("checkout")
        .deployment("us-east-1")
        .instance("api-3")
        .operation(Operation::Chat)
        .status(200)
        .error("two\nlines")
        .trace_id("t")
        .request_id("r")
        .response_model("claude-sonnet-4")
        .breaker("claude-sonnet")
        .input_tokens(10)
        .cached_tokens(4)
        .cache_write_tokens(2)
        .output_tokens(7)
        .reasoning_tokens(3)
        .tier(Tier::Priority)
        .cost_usd(0.001_234_567)
        .attempt(2)
        .fallback_from("openai", "gpt-5")
        .weight(3)
        .label("region", "eu")
        .label("app", "shop");
    let read = read(&sent);
    assert_eq!(
        (read.id.as_deref(), read.time, read.reported),
        (Some("a-1"), NOW - 7, None)
    );
    let expected = event::Call {
        provider: "anthropic".to_owned(),
        model: "claude-sonnet".to_owned(),
        outcome: event::CallOutcome(domain::Outcome::Ok),
        duration: Some(812_251),
        ttft: Some(240_003),
        environment: text("prod"),
        service: text("checkout"),
        deployment: text("us-east-1"),
        instance: text("api-3"),
        operation: Some(event::Operation::Chat),
        status: Some(200),
        error: text("two lines"),
        trace_id: text("t"),
        request_id: text("r"),
        response_model: text("claude-sonnet-4"),
        breaker: text("claude-sonnet"),
        input_tokens: Some(10),
        cached_tokens: Some(4),
        cache_write_tokens: Some(2),
        output_tokens: Some(7),
        reasoning_tokens: Some(3),
        tier: Some(event::Tier::Priority),
        cost: Some(1_234_567),
        cost_estimated: false,
        usual_cost: None,
        attempt: 2,
        fallback_from: Some(FallbackFrom {
            provider: "openai".to_owned(),
            model: text("gpt-5"),
        }),
        weight: 3,
        labels: vec![
            ("app".to_owned(), "shop".to_owned()),
            ("region".to_owned(), "eu".to_owned()),
        ],
    };
    assert_eq!(read.body, EventBody::Call(Box::new(expected)));
}

#[test]
fn transitions_and_stats() {
    let sent = TransitionEvent::new("gpt-5", State::Open)
        .from(State::HalfOpen)
        .seq(4)
        .reason("62% of 40 calls failed")
        .cause("overloaded", 24)
        .cause("auth", 1)
        .provider("openai")
        .kind(BreakerKind::FailureRate)
        .degraded(true)
        .failure_rate(0.625)
        .failure_threshold(0.5)
        .slow_rate(0.0)
        .slow_threshold(1.0)
        .window_calls(40)
        .window_failures(25)
        .not_permitted(9)
        .retry_at_ms(NOW + 30_000)
        .trials_done(1)
        .trials_needed(3)
        .at_ms(NOW + 5);
    let figures = BreakerFigures {
        failure_rate: Some(0.625),
        failure_threshold: Some(0.5),
        slow_rate: Some(0.0),
        slow_threshold: Some(1.0),
        window_calls: Some(40),
        window_failures: Some(25),
        not_permitted: Some(9),
        retry_at: Some(NOW + 30_000),
        trials_done: Some(1),
        trials_needed: Some(3),
        degraded: Some(true),
    };
    let event = read(&sent);
    assert_eq!((event.time, event.reported), (NOW, Some(NOW + 5)));
    let expected = event::Transition {
        subject: BreakerRef {
            breaker: "gpt-5".to_owned(),
            provider: text("openai"),
            kind: Some(event::BreakerKind::FailureRate),
            ..BreakerRef::default()
        },
        from: Some(breaker::State::HalfOpen),
        to: breaker::State::Open,
        seq: Some(4),
        reason: text("62% of 40 calls failed"),
        causes: vec![("overloaded".to_owned(), 24), ("auth".to_owned(), 1)],
        figures,
        labels: Vec::new(),
    };
    assert_eq!(event.body, EventBody::Transition(Box::new(expected)));

    let event = read(
        &StatsEvent::new("gpt-5", State::MetricsOnly)
            .instance("api-3")
            .label("a", "b"),
    );
    let EventBody::Stats(stats) = event.body else {
        panic!("not stats")
    };
    assert_eq!(
        (stats.state, stats.subject.instance),
        (breaker::State::MetricsOnly, text("api-3"))
    );
    assert_eq!(stats.labels, [("a".to_owned(), "b".to_owned())]);
}

#[test]
fn headroom_and_markers() {
    let sent = HeadroomEvent::new("openai")
        .key("team-a")
        .requests_limit(500)
        .requests_remaining(499)
        .requests_reset_at_ms(NOW + 60_000)
        .output_tokens_remaining(7);
    let expected = Headroom {
        provider: "openai".to_owned(),
        key: text("team-a"),
        requests: Quota {
            limit: Some(500),
            remaining: Some(499),
            reset_at: Some(NOW + 60_000),
        },
        output_tokens: Quota {
            remaining: Some(7),
            ..Quota::default()
        },
        ..Headroom::default()
    };
    assert_eq!(read(&sent).body, EventBody::Headroom(Box::new(expected)));

    let sent = MarkerEvent::new("v2.1")
        .kind(MarkerKind::Deploy)
        .url("https://ci.example/42")
        .service("checkout");
    let EventBody::Marker(marker) = read(&sent).body else {
        panic!("not a marker")
    };
    assert_eq!(
        (marker.title.as_str(), marker.kind),
        ("v2.1", event::MarkerKind::Deploy)
    );
    assert_eq!(
        (marker.url, marker.service),
        (text("https://ci.example/42"), text("checkout"))
    );
}

#[test]
fn every_word_of_the_sdk_is_known() {
    let outcomes = [
        Outcome::Ok,
        Outcome::RateLimited,
        Outcome::Quota,
        Outcome::Overloaded,
        Outcome::ServerError,
        Outcome::Timeout,
        Outcome::Network,
        Outcome::Auth,
        Outcome::BadRequest,
        Outcome::ContentFiltered,
        Outcome::Cancelled,
        Outcome::Rejected,
    ];
    for (sent, meant) in outcomes.into_iter().zip(domain::Outcome::ALL) {
        let event = read(&CallEvent::new("a", "m", sent).duration(Duration::ZERO));
        assert_eq!(common::as_call(&event).outcome(), meant);
    }
    let states = [
        State::Closed,
        State::Open,
        State::HalfOpen,
        State::ForcedOpen,
        State::Disabled,
        State::MetricsOnly,
    ];
    for (sent, meant) in states.into_iter().zip(breaker::State::ALL) {
        let EventBody::Stats(stats) = read(&StatsEvent::new("b", sent)).body else {
            panic!("not stats")
        };
        assert_eq!(stats.state, meant);
    }
}
