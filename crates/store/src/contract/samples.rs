//! Values to store: events of every kind with every field set, and the plainest ones.

use domain::breaker::{BreakerKey, State};
use domain::event::{
    BreakerFigures, BreakerKind, BreakerRef, Call, CallOutcome, FallbackFrom, Headroom, Labels, Marker,
    MarkerKind, Operation, Quota, Stats, Tier, Transition,
};
use domain::rollup::{Bucket, SeriesKey};
use domain::{Event, EventBody, Millis, Outcome};

use super::tenant;
use crate::audit::AuditKey;
use crate::{
    ApiKey, AuditEntry, Flush, Idempotency, NewApiKey, NewBatch, PartialRow, Refusal, Scope, TransitionRow,
};

/// Noon of the 1st of March 2026, UTC: the suite's "today".
pub const NOON: Millis = 1_772_366_400_000;

/// One day.
pub const DAY: Millis = crate::day::LENGTH;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn labels() -> Labels {
    vec![
        ("region".into(), "eu-central-1".into()),
        ("team".into(), "Größe \u{1f600}".into()),
    ]
}

/// A call with every field set.
pub fn full_call() -> Call {
    Call {
        provider: "openai".into(),
        model: "gpt-5-mini".into(),
        outcome: CallOutcome(Outcome::Overloaded),
        duration: Some(86_400_000_000),
        ttft: Some(312_456),
        environment: some("prod"),
        service: some("checkout"),
        deployment: some("eu-1"),
        instance: some("host-7:4312"),
        operation: Some(Operation::Embedding),
        status: Some(529),
        error: some("overloaded_error: try again"),
        trace_id: some("4bf92f3577b34da6a3ce929d0e0e4736"),
        request_id: some("req_011CSHoEeqs5C35K2UUqR7Fy"),
        response_model: some("gpt-5-mini-2026-01-01"),
        breaker: some("openai"),
        input_tokens: Some(u32::MAX),
        cached_tokens: Some(900),
        cache_write_tokens: Some(0),
        output_tokens: Some(250),
        reasoning_tokens: Some(64),
        tier: Some(Tier::Priority),
        cost: Some(1_234_567),
        cost_estimated: true,
        usual_cost: None,
        attempt: 2,
        fallback_from: Some(FallbackFrom {
            provider: "anthropic".into(),
            model: some("claude-sonnet-5"),
        }),
        weight: 1_000_000,
        labels: labels(),
    }
}

/// The plainest call.
pub fn plain_call() -> Call {
    Call {
        provider: "anthropic".into(),
        model: "claude-sonnet-5".into(),
        duration: Some(1_000),
        attempt: 1,
        weight: 1,
        ..Call::default()
    }
}

fn subject() -> BreakerRef {
    BreakerRef {
        breaker: "openai".into(),
        environment: some("prod"),
        service: some("checkout"),
        deployment: some("eu-1"),
        provider: some("openai"),
        model: some("gpt-5-mini"),
        kind: Some(BreakerKind::Ejection),
        instance: some("host-7:4312"),
    }
}

fn figures() -> BreakerFigures {
    BreakerFigures {
        failure_rate: Some(0.625),
        failure_threshold: Some(0.5),
        slow_rate: Some(0.1),
        slow_threshold: Some(1.0),
        window_calls: Some(40),
        window_failures: Some(25),
        not_permitted: Some(u64::MAX),
        retry_at: Some(NOON + 30_000),
        trials_done: Some(0),
        trials_needed: Some(3),
        degraded: Some(false),
    }
}

fn quota(limit: u64) -> Quota {
    Quota {
        limit: Some(limit),
        remaining: Some(limit / 2),
        reset_at: Some(NOON + 60_000),
    }
}

/// Seven events: every kind with every field set, and a call and a transition with as few as possible.
pub fn full_events(time: Millis) -> Vec<Event> {
    let plain_transition = Transition {
        subject: BreakerRef {
            breaker: "b".into(),
            ..BreakerRef::default()
        },
        from: None,
        to: State::Open,
        seq: None,
        reason: None,
        causes: Vec::new(),
        figures: BreakerFigures::default(),
        labels: Vec::new(),
    };
    let full_transition = Transition {
        subject: subject(),
        from: Some(State::HalfOpen),
        to: State::MetricsOnly,
        seq: Some(u64::MAX),
        reason: some("failure rate 62.5% above 50%"),
        causes: vec![("timeout".into(), 5), ("overloaded".into(), 24)],
        figures: figures(),
        labels: labels(),
    };
    let stats = Stats {
        subject: subject(),
        state: State::Disabled,
        figures: figures(),
        labels: labels(),
    };
    let headroom = Headroom {
        provider: "openai".into(),
        model: some("gpt-5-mini"),
        key: some("main"),
        service: some("checkout"),
        deployment: some("eu-1"),
        requests: quota(10),
        tokens: quota(2_000),
        input_tokens: quota(3_000),
        output_tokens: quota(u64::MAX),
    };
    let marker = Marker {
        title: "deploy 4711".into(),
        kind: MarkerKind::Deploy,
        url: some("https://example.com/4711"),
        service: some("checkout"),
        environment: some("prod"),
    };
    vec![
        Event {
            id: some("e-1"),
            time,
            reported: Some(time + 600_000),
            body: EventBody::Call(Box::new(full_call())),
        },
        Event {
            id: None,
            time: time - 5,
            reported: None,
            body: EventBody::Call(Box::new(plain_call())),
        },
        Event {
            id: some("e-3"),
            time: time + 1,
            reported: None,
            body: EventBody::Transition(Box::new(full_transition)),
        },
        Event {
            id: None,
            time: time - DAY,
            reported: None,
            body: EventBody::Transition(Box::new(plain_transition)),
        },
        Event {
            id: some("e-5"),
            time,
            reported: None,
            body: EventBody::Stats(Box::new(stats)),
        },
        Event {
            id: some("e-6"),
            time,
            reported: None,
            body: EventBody::Headroom(Box::new(headroom)),
        },
        Event {
            id: some("e-7"),
            time,
            reported: None,
            body: EventBody::Marker(Box::new(marker)),
        },
    ]
}

/// A plain call with an id.
pub fn event(id: Option<&str>, time: Millis) -> Event {
    Event {
        id: id.map(str::to_owned),
        time,
        reported: None,
        body: EventBody::Call(Box::new(plain_call())),
    }
}

/// A batch of plain calls with these ids.
pub fn batch(slug: &str, received: Millis, ids: &[&str]) -> NewBatch {
    NewBatch {
        tenant: tenant(slug),
        key_id: "key0000001".into(),
        received,
        idempotency: None,
        events: ids.iter().map(|id| event(Some(id), received)).collect(),
        refused: 0,
        refusals: Vec::new(),
    }
}

/// A batch with an idempotency key; `body` stands for the body's hash.
pub fn keyed(slug: &str, received: Millis, ids: &[&str], key: &str, body: u8) -> NewBatch {
    let idempotency = Some(Idempotency {
        key: key.into(),
        body: [body; 32],
    });
    NewBatch {
        idempotency,
        ..batch(slug, received, ids)
    }
}

/// A batch that takes some room even when compressed: its errors do not repeat.
pub fn bulky(slug: &str, received: Millis) -> NewBatch {
    let mut noise = 0x9e37_79b9_7f4a_7c15u64 ^ (received as u64);
    let events = (0..300).map(|_| {
        let error: String = (0..16)
            .map(|_| {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                format!("{:012x}", noise >> 16)
            })
            .collect();
        let call = Call {
            error: Some(error),
            ..plain_call()
        };
        Event {
            id: None,
            time: received,
            reported: None,
            body: EventBody::Call(Box::new(call)),
        }
    });
    NewBatch {
        events: events.collect(),
        ..batch(slug, received, &[])
    }
}

/// Two refusals.
pub fn refusals() -> Vec<Refusal> {
    let refusal = |index, field: &str| Refusal {
        index,
        code: "out_of_range".into(),
        field: field.into(),
        reason: "must be ≥ 0, got -1".into(),
    };
    vec![refusal(0, "duration_ms"), refusal(9_999, "")]
}

/// A series.
pub fn series(model: &str) -> SeriesKey {
    SeriesKey {
        provider: "openai".into(),
        model: model.into(),
        deployment: "eu-1".into(),
        service: String::new(),
        environment: "prod".into(),
        operation: Some(Operation::Chat),
        labels: Box::default(),
    }
}

/// A series with kept labels, of which one needs more than ASCII.
pub fn labelled_series(model: &str) -> SeriesKey {
    SeriesKey {
        labels: labels().into(),
        ..series(model)
    }
}

/// A bucket with something in every field.
pub fn full_bucket() -> Bucket {
    let mut bucket = Bucket::default();
    let ok = Call {
        outcome: CallOutcome(Outcome::Ok),
        weight: 7,
        ..full_call()
    };
    let first = Call {
        fallback_from: None,
        attempt: 1,
        ..ok.clone()
    };
    let unpriced = Call {
        cost: None,
        ..first.clone()
    };
    for call in [&ok, &first, &unpriced, &full_call(), &plain_call()] {
        bucket.add(call);
    }
    bucket
}

/// A partial of the plainest call.
pub fn partial(bucket: Millis, model: &str) -> PartialRow {
    let mut stats = Bucket::default();
    stats.add(&plain_call());
    PartialRow {
        bucket,
        series: series(model),
        stats,
    }
}

/// A transition with every field set.
pub fn transition(slug: &str, id: u64, at: Millis, breaker: &str) -> TransitionRow {
    let key = BreakerKey {
        environment: "prod".into(),
        service: "checkout".into(),
        breaker: breaker.into(),
        deployment: "eu-1".into(),
    };
    TransitionRow {
        id,
        at,
        received: at + 40,
        breaker: key.id(slug),
        key,
        provider: "openai".into(),
        instance: "host-7:4312".into(),
        from: Some(State::Closed),
        to: State::Open,
        cause: "24 overloaded, 5 timeout".into(),
        lasted: Some(3_600_000),
        inferred: true,
    }
}

/// A flush without rows.
pub fn flush(slug: &str, previous: u64, applied: u64) -> Flush {
    Flush {
        tenant: tenant(slug),
        writer: 1,
        applied,
        previous,
        partials: Vec::new(),
        transitions: Vec::new(),
        seconds: Vec::new(),
        checkpoint: format!("checkpoint {applied}").into_bytes(),
    }
}

/// A key; its id and hash follow from `n`.
pub fn api_key(slug: &str, n: u8, name: &str) -> NewApiKey {
    NewApiKey {
        key: ApiKey {
            id: format!("key{n:07}"),
            tenant: tenant(slug),
            name: name.into(),
            prefix: format!("fb_key{n:07}"),
            scopes: vec![Scope::IngestWrite, Scope::MetricsRead],
            created: NOON + Millis::from(n),
            expires: None,
            addresses: Vec::new(),
            last_used: None,
            replaced_by: None,
            revoked: None,
        },
        hash: [n; 32],
    }
}

/// An audit entry.
pub fn audit(action: &str, target: &str) -> AuditEntry {
    AuditEntry {
        at: NOON,
        actor: "cli:root".into(),
        address: String::new(),
        action: action.into(),
        target: target.into(),
        detail: "made for a test".into(),
    }
}

/// What the log of a store under test is sealed with.
pub fn audit_key() -> AuditKey {
    AuditKey::new([7; 32])
}
