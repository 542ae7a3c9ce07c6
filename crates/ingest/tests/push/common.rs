//! What the tests of this crate share.

use domain::{Event, EventBody, Millis};
use ingest::{Body, Limits, Parsed, Refusal, parse};
use serde_json::{Map, Value, json};

/// 2025-11-20T09:33:54Z
pub const NOW: Millis = 1_763_631_234_000;

/// Reads a JSON body that is one.
pub fn read(body: &str) -> Parsed {
    let parsed = parse(body.as_bytes(), Body::Json, NOW, &Limits::default()).unwrap();
    check(&parsed);
    parsed
}

/// What must hold of every answer.
pub fn check(parsed: &Parsed) {
    assert_eq!(
        parsed.events.len() + parsed.refused_count as usize,
        parsed.sent as usize
    );
    assert_eq!(parsed.refused.len(), (parsed.refused_count as usize).min(100));
    assert!(
        parsed
            .refused
            .windows(2)
            .all(|pair| pair[0].index < pair[1].index)
    );
    assert!(parsed.ignored_fields.len() <= 50);
    assert!(parsed.ignored_fields.windows(2).all(|pair| pair[0] < pair[1]));
    for name in &parsed.ignored_fields {
        assert!(
            name.chars().count() <= 150,
            "a name in another object has that object's name in front"
        );
        assert!(!name.contains(char::is_control));
    }
    for refusal in &parsed.refused {
        assert!(refusal.index < parsed.sent);
        assert!(refusal.excerpt.chars().count() <= 256);
        assert!(
            !refusal.reason.is_empty() && refusal.reason.chars().count() < 400,
            "{}",
            refusal.reason
        );
        for text in [&refusal.reason, &refusal.field, &refusal.excerpt] {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}

/// The one good event of a JSON object.
pub fn accepted(object: &Value) -> Event {
    let mut parsed = read(&object.to_string());
    assert_eq!(parsed.refused, [], "{object}");
    assert_eq!(parsed.events.len(), 1);
    parsed.events.remove(0)
}

/// The one refusal of a JSON object.
pub fn refused(object: &Value) -> Refusal {
    refused_text(&object.to_string())
}

/// The one refusal of a JSON object, as text.
pub fn refused_text(object: &str) -> Refusal {
    let mut parsed = read(object);
    assert_eq!(parsed.events, [], "{object}");
    assert_eq!(parsed.refused.len(), 1);
    parsed.refused.remove(0)
}

/// A base object with other fields over it; `null` in the overlay is sent as `null`.
pub fn with(base: &Value, overlay: &Value) -> Value {
    let mut object: Map<String, Value> = base.as_object().unwrap().clone();
    object.extend(overlay.as_object().unwrap().clone());
    Value::Object(object)
}

/// A base object without one of its fields.
pub fn without(base: &Value, name: &str) -> Value {
    let mut object = base.as_object().unwrap().clone();
    assert!(object.remove(name).is_some());
    Value::Object(object)
}

pub fn call() -> Value {
    json!({"type": "call", "provider": "openai", "model": "gpt-5-mini", "outcome": "ok", "duration_ms": 812})
}

pub fn breaker() -> Value {
    json!({"type": "breaker", "breaker": "openai-chat", "to": "open"})
}

pub fn stats() -> Value {
    json!({"type": "breaker_stats", "breaker": "openai-chat", "state": "closed"})
}

pub fn headroom() -> Value {
    json!({"type": "headroom", "provider": "openai"})
}

pub fn marker() -> Value {
    json!({"type": "marker", "title": "router 2.1"})
}

/// The call in an event.
pub fn as_call(event: &Event) -> &domain::event::Call {
    match &event.body {
        EventBody::Call(call) => call,
        other => panic!("not a call: {other:?}"),
    }
}
