//! Values nobody means to send: numbers at the edges of what machines hold, broken text, secrets.

use ingest::RefusalCode;
use serde_json::json;

use crate::common::{self, accepted, as_call, headroom, refused, refused_text, with};

#[test]
fn secret_keys_are_not_kept_and_not_echoed() {
    for secret in [
        "sk-proj-abcdefghijklmnop",
        "AIzaSyA-abcdefghijklmno",
        "Bearer abcdefghijklmnop",
    ] {
        let refusal = refused(&with(&headroom(), &json!({"key": secret})));
        assert_eq!(
            (refusal.code, refusal.field.as_str()),
            (RefusalCode::Secret, "key")
        );
        assert!(
            !refusal.reason.contains(secret) && !refusal.excerpt.contains(secret),
            "{refusal:?}"
        );
    }
    for alias in [
        "sk-prod",
        "sk-19-characters-xx",
        "team-a-key-with-a-long-name",
        "desk-number-one-hundred",
    ] {
        accepted(&with(&headroom(), &json!({"key": alias})));
    }
}

#[test]
fn numbers_at_the_edges() {
    let base = "\"type\":\"call\",\"provider\":\"a\",\"model\":\"m\",\"outcome\":\"ok\"";
    for number in [
        "1e308",
        "-1e308",
        "1e999",
        "-1e999",
        "9e18",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890",
    ] {
        for field in [
            "duration_ms",
            "ttft_ms",
            "cost_usd",
            "input_tokens",
            "attempt",
            "status",
            "weight",
        ] {
            let others = if field == "duration_ms" {
                ""
            } else {
                ",\"duration_ms\":1"
            };
            let refusal = refused_text(&format!("{{{base}{others},\"{field}\":{number}}}"));
            assert_eq!(
                (refusal.code, refusal.field.as_str()),
                (RefusalCode::OutOfRange, field),
                "{number}"
            );
        }
        let refusal = refused_text(&format!("{{{base},\"duration_ms\":1,\"time\":{number}}}"));
        assert_eq!(
            (refusal.code, refusal.field.as_str()),
            (RefusalCode::BadTime, "time"),
            "{number}"
        );
    }
    let zero =
        format!("{{{base},\"duration_ms\":-0,\"cost_usd\":-0.0,\"input_tokens\":-0.0,\"ttft_ms\":5e-324}}");
    let event = common::read(&zero).events.remove(0);
    let call = as_call(&event);
    assert_eq!(
        (call.duration, call.ttft, call.cost, call.input_tokens),
        (Some(0), Some(0), Some(0), Some(0))
    );
    let long = format!("{{{base},\"duration_ms\":0.{}}}", "3".repeat(100_000));
    assert_eq!(as_call(&common::read(&long).events[0]).duration, Some(333));
}

#[test]
fn lone_surrogates_refuse_one_event() {
    let body = r#"[{"type":"marker","title":"\ud800"},{"type":"marker","title":"\ud83d\ude00"}]"#;
    let parsed = common::read(body);
    assert_eq!(parsed.events.len(), 1);
    assert_eq!(
        (parsed.refused[0].code, parsed.refused[0].field.as_str()),
        (RefusalCode::BadCharacter, "title")
    );
}
