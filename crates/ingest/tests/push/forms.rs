//! The forms a body may have, and what refuses it as a whole.

use ingest::push::{MAX_DEPTH, MAX_IGNORED_FIELDS, MAX_REFUSALS_LISTED};
use ingest::{Body, BodyError, Limits, Parsed, RefusalCode, parse};
use serde_json::json;

use crate::common::{self, NOW, call, check, read, with};

fn whole(body: impl AsRef<[u8]>) -> BodyError {
    parse(body.as_ref(), Body::Json, NOW, &Limits::default()).unwrap_err()
}

fn lines(body: impl AsRef<[u8]>) -> Parsed {
    let parsed = parse(body.as_ref(), Body::Ndjson, NOW, &Limits::default()).unwrap();
    check(&parsed);
    parsed
}

#[test]
fn the_three_forms_are_equal() {
    let one = call().to_string();
    let forms = [one.clone(), format!("[{one}]"), format!("{{\"events\":[{one}]}}")];
    let expected = read(&forms[0]);
    assert_eq!(expected.events.len(), 1);
    for form in &forms {
        assert_eq!(read(form), expected);
        assert_eq!(read(&format!(" \r\n\t{form}\n ")), expected);
        assert_eq!(read(&format!("\u{feff}{form}")), expected);
    }
    assert_eq!(lines(&one), expected);
    assert_eq!(lines(format!("\u{feff}{one}\r\n")), expected);
}

#[test]
fn nothing_is_fine() {
    for body in ["[]", "{\"events\":[]}", " [ ] "] {
        assert_eq!(read(body), Parsed::default());
    }
    for body in ["", "\n", "\r\n \t\r\n\n", "\u{feff}"] {
        assert_eq!(lines(body), Parsed::default());
    }
    for body in ["", " ", "\n\n", "\u{feff}", "\u{feff} "] {
        assert_eq!(whole(body), BodyError::Empty);
    }
}

#[test]
fn other_fields_beside_events_are_named() {
    let body = json!({"batch": 7, "events": [call()], "type": "call", "labels": {"a": 1}});
    let parsed = read(&body.to_string());
    assert_eq!(parsed.events.len(), 1);
    assert_eq!(parsed.ignored_fields, ["batch", "labels", "type"]);
}

#[test]
fn other_shapes() {
    for (body, detail) in [
        ("1", "got a number"),
        ("-1.5", "got a number"),
        ("\"text\"", "got a string"),
        ("null", "got null"),
        ("true", "got true"),
        ("{\"events\":{}}", "\"events\" must be an array, got an object"),
        ("{\"events\":null}", "\"events\" must be an array, got null"),
        ("{\"events\":\"[]\"}", "\"events\" must be an array, got a string"),
        ("{\"events\":[],\"events\":[]}", "\"events\" is given twice"),
    ] {
        assert_eq!(
            whole(body),
            BodyError::WrongShape {
                detail: detail.to_owned()
            },
            "{body}"
        );
    }
    let refusal = common::refused(&json!({"Events": [call()]}));
    assert_eq!(
        (refusal.code, refusal.field.as_str()),
        (RefusalCode::Missing, "type")
    );
    assert_eq!(
        refusal.reason,
        "is required; a list of events goes under \"events\""
    );
}

#[test]
fn things_that_are_no_events() {
    let parsed = read("[1,null,\"x\",[],[[{}]],true,{},1.5]");
    let told: Vec<_> = parsed
        .refused
        .iter()
        .map(|r| (r.code.as_str(), r.reason.as_str()))
        .collect();
    let expected = |got| {
        (
            "wrong_type",
            format!("must be an object with a \"type\", got {got}"),
        )
    };
    for (told, got) in told
        .iter()
        .zip(["a number", "null", "a string", "an array", "an array", "true"])
    {
        let (code, reason) = expected(got);
        assert_eq!(*told, (code, reason.as_str()));
    }
    assert_eq!(told[6], ("missing", "is required"));
    assert_eq!(parsed.sent, 8);
}

#[test]
fn json_is_all_or_nothing() {
    let good = call().to_string();
    for body in [
        format!("[{good},{good}"),
        format!("[{good},{{]"),
        format!("[{good}]]"),
        format!("{good}{good}"),
    ] {
        assert_eq!(whole(&body).code(), "not_json", "{body}");
    }
    assert_eq!(
        whole(b"{\"type\":\"\xff\"}").to_string(),
        "the body is not UTF-8 text (byte 9): encode it as UTF-8"
    );
    assert_eq!(whole(b"\x1f\x8b\x08\x00").code(), "not_utf8");
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(good.bytes().flat_map(|byte| [byte, 0]))
        .collect();
    assert!(whole(&utf16).to_string().contains("UTF-16"));
    assert!(
        whole(utf16.get(2..).unwrap())
            .to_string()
            .starts_with("the body is not JSON")
    );
}

#[test]
fn lines_stand_alone() {
    let good = call().to_string();
    let body = format!("{good}\n\n  \r\n{{\"type\":\r\n{good}\r\n[{good}]\n{good}{good}\n{good}");
    let parsed = lines(&body);
    assert_eq!((parsed.events.len(), parsed.sent), (3, 6));
    let told: Vec<_> = parsed
        .refused
        .iter()
        .map(|r| (r.index, r.code.as_str(), r.reason.as_str()))
        .collect();
    assert_eq!(told[0].0, 1);
    assert_eq!(told[0].1, "not_json");
    assert_eq!(
        told[0].2,
        "the line is not JSON: it ends too early; in NDJSON every event is one line (column 8)"
    );
    assert_eq!(
        told[1],
        (
            3,
            "wrong_type",
            "must be an object with a \"type\", got an array; in NDJSON every line is one event"
        )
    );
    assert_eq!((told[2].0, told[2].1), (4, "not_json"));
    assert!(
        told[2]
            .2
            .contains("something follows the value; in NDJSON every event is one line"),
        "{}",
        told[2].2
    );

    let parsed = lines([good.as_bytes(), b"\n{\"type\":\"\xff\"}\n", good.as_bytes()].concat());
    assert_eq!(parsed.events.len(), 2);
    assert_eq!(parsed.refused[0].reason, "is not UTF-8 text (byte 9 of the line)");

    let wrapped = lines(json!({"events": [call()]}).to_string());
    assert!(
        wrapped.refused[0]
            .reason
            .ends_with("in NDJSON every line is one event, without \"events\"")
    );
    let gzip = parse(b"\x1f\x8b\x08", Body::Ndjson, NOW, &Limits::default()).unwrap_err();
    assert!(gzip.to_string().contains("gzip"));
}

#[test]
fn the_number_of_events_is_limited() {
    let limits = Limits {
        max_events: 3,
        ..Limits::default()
    };
    let good = call().to_string();
    for count in 0..6 {
        let list = vec![good.as_str(); count].join(",");
        let bodies = [
            (format!("[{list}]"), Body::Json),
            (format!("{{\"events\":[{list}]}}"), Body::Json),
            (vec![good.as_str(); count].join("\n\n"), Body::Ndjson),
        ];
        for (body, kind) in bodies {
            let result = parse(body.as_bytes(), kind, NOW, &limits);
            if count <= 3 {
                assert_eq!(result.unwrap().events.len(), count);
            } else {
                assert_eq!(
                    result,
                    Err(BodyError::TooManyEvents {
                        sent: count,
                        limit: 3
                    })
                );
            }
        }
    }
    // Refused ones count too, and a syntax error after the limit is still one.
    let bad = parse(b"[1,2,3,4]", Body::Json, NOW, &limits).unwrap_err();
    assert!(bad.is_too_large());
    assert_eq!(
        parse(b"[1,2,3,4", Body::Json, NOW, &limits).unwrap_err().code(),
        "not_json"
    );
    assert_eq!(Limits::default().max_events, 10_000);
}

/// A value of so many levels.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn depth_is_limited() {
    let event = |levels: usize| {
        format!(
            "{{\"type\":\"marker\",\"title\":\"x\",\"extra\":{}}}",
            nested(levels)
        )
    };
    // The event itself stands at level 1, 2 or 3 of the body.
    for (level, open, close) in [(1, "", ""), (2, "[", "]"), (3, "{\"events\":[", "]}")] {
        let fits = format!("{open}{}{close}", event(MAX_DEPTH - level));
        assert_eq!(read(&fits).events.len(), 1);
        let deep = format!("{open}{}{close}", event(MAX_DEPTH - level + 1));
        assert_eq!(whole(&deep), BodyError::TooDeep { limit: 32 });
    }
    assert_eq!(lines(event(31)).events.len(), 1);
    assert_eq!(lines(event(32)).refused[0].code, RefusalCode::TooDeep);
    // Also outside of events.
    assert_eq!(read(&nested(32)).refused.len(), 1);
    assert_eq!(whole(nested(33)).code(), "too_deep");
    assert_eq!(
        whole(format!("{{\"events\":[],\"x\":{}}}", nested(32))).code(),
        "too_deep"
    );
    assert_eq!(
        whole(format!("{{\"events\":{{\"x\":{}}}}}", nested(31))).code(),
        "too_deep"
    );
    assert!(!whole(nested(33)).is_too_large());
}

#[test]
fn very_deep_nesting_is_an_error_and_not_an_overflow() {
    let levels = 100_000;
    let objects = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    for inner in [
        nested(levels),
        objects,
        "[".repeat(levels),
        "{\"a\":".repeat(levels),
        "[{\"a\":".repeat(levels),
    ] {
        for body in [
            inner.clone(),
            format!("[{inner}]"),
            format!("{{\"events\":[{inner}]}}"),
            format!("{{\"events\":{inner}}}"),
            format!("{{\"type\":\"call\",\"labels\":{inner}}}"),
        ] {
            let error = whole(&body);
            assert!(
                matches!(error.code(), "too_deep" | "not_json"),
                "{}",
                error.code()
            );
            assert_eq!(lines(&body).refused_count, 1);
        }
    }
}

#[test]
fn only_the_first_refusals_are_listed() {
    for count in [
        MAX_REFUSALS_LISTED - 1,
        MAX_REFUSALS_LISTED,
        MAX_REFUSALS_LISTED + 1,
        10_000,
    ] {
        let parsed = read(&format!("[{}]", vec!["{}"; count].join(",")));
        assert_eq!(parsed.refused_count as usize, count);
        assert_eq!(parsed.refused.len(), count.min(MAX_REFUSALS_LISTED));
    }
}

#[test]
fn ignored_names_are_few_and_short() {
    let events: Vec<_> = (0..200)
        .map(|i| with(&call(), &json!({format!("x{i:03}"): i, "foo": 1})))
        .collect();
    let parsed = read(&json!(events).to_string());
    assert_eq!(parsed.events.len(), 200);
    assert_eq!(parsed.ignored_fields.len(), MAX_IGNORED_FIELDS);
    assert_eq!(parsed.ignored_fields[0], "foo");

    let parsed = read(&with(&call(), &json!({"n".repeat(1_000_000): 1, "bad\nname": 2})).to_string());
    assert_eq!(
        parsed.ignored_fields,
        ["bad\u{fffd}name".to_owned(), "n".repeat(128)]
    );

    // Fields of other types of event are as unread as invented ones; a lone surrogate in a name harms nobody.
    let body = r#"{"type":"marker","title":"x","to":"open","\ud800":1,"__proto__":{},"constructor":1}"#;
    assert_eq!(
        read(body).ignored_fields,
        ["\"\\ud800\"", "__proto__", "constructor", "to"]
    );
}

#[test]
fn names_given_twice_refuse_the_event() {
    for body in [
        r#"{"type":"call","type":"call","provider":"a","model":"m","outcome":"ok","duration_ms":1}"#,
        r#"{"type":"call","provider":"a","model":"m","outcome":"ok","duration_ms":1,"model":null}"#,
        r#"{"type":"call","provider":"a","model":"m","outcome":"ok","duration_ms":1,"\u006dodel":"n"}"#,
    ] {
        let refusal = common::refused_text(body);
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (RefusalCode::Repeated, "is given twice")
        );
    }
    let unknown = r#"{"type":"call","provider":"a","model":"m","outcome":"ok","duration_ms":1,"x":1,"x":2}"#;
    assert_eq!(read(unknown).events.len(), 1);
}

#[test]
fn excerpts_show_no_labels() {
    let event =
        json!({"type": "call", "provider": "openai", "labels": {"customer": "acme"}, "messages": ["secret"]});
    let refusal = common::refused(&event);
    assert_eq!(
        refusal.excerpt,
        "{\"type\":\"call\",\"provider\":\"openai\",\"messages\":…}"
    );
    let parsed = lines("{\"type\":\"call\",\"labels\":{\"customer\":\"acme\"");
    assert_eq!(parsed.refused[0].excerpt, "{\"type\":\"call\",");
}

#[test]
fn numbers_no_double_can_hold() {
    // As a value of a field it refuses the event, as an event it is simply no JSON number we know.
    let parsed = read(r#"[{"type":"call","provider":"a","model":"m","outcome":"ok","duration_ms":1e999}]"#);
    assert_eq!(parsed.refused[0].code, RefusalCode::OutOfRange);
    assert_eq!(
        whole("[1e999]").to_string(),
        "the body is not JSON: number out of range (line 1, column 6)"
    );
}
