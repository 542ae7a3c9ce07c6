//! What holds for all bodies: no panic, every event is counted once, and what was printed is read back.

use domain::EventBody;
use ingest::{Body, Limits, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::common::{NOW, check};
use crate::generate::{event, nearly, value};
use crate::print::print;

proptest! {
    #[test]
    fn any_bytes(body in vec(any::<u8>(), 0..400)) {
        for kind in [Body::Json, Body::Ndjson] {
            if let Ok(parsed) = parse(&body, kind, NOW, &Limits::default()) {
                check(&parsed);
            }
        }
    }

    #[test]
    fn any_characters_of_json(body in "[\\[\\]{}\",:\\\\ \nu0-9a-f.eE+-]{0,200}") {
        let ours = parse(body.as_bytes(), Body::Json, NOW, &Limits::default());
        let is_json = serde_json::from_str::<IgnoredAny>(&body).is_ok();
        match ours {
            Ok(parsed) => {
                check(&parsed);
                prop_assert!(is_json);
            }
            Err(error) if matches!(error.code(), "empty" | "not_json") => {
                prop_assert!(!is_json || error.to_string().contains("out of range"));
            }
            Err(_) => prop_assert!(is_json),
        }
    }

    #[test]
    fn any_json(values in vec(prop_oneof![nearly(), value()], 0..6), received in any::<i64>()) {
        let array = Value::Array(values.clone()).to_string();
        let as_array = parse(array.as_bytes(), Body::Json, received, &Limits::default()).unwrap();
        check(&as_array);
        prop_assert_eq!(as_array.sent as usize, values.len());
        // The same events in the other forms are judged the same.
        let wrapped = json!({"events": values}).to_string();
        prop_assert_eq!(&parse(wrapped.as_bytes(), Body::Json, received, &Limits::default()).unwrap(), &as_array);
        let lines: String = values.iter().map(|value| format!("{value}\r\n")).collect();
        let as_lines = parse(lines.as_bytes(), Body::Ndjson, received, &Limits::default()).unwrap();
        prop_assert_eq!(&as_lines.events, &as_array.events);
        prop_assert_eq!(as_lines.refused_count, as_array.refused_count);
        // Alone, too.
        for value in &values {
            if let Ok(parsed) = parse(value.to_string().as_bytes(), Body::Json, received, &Limits::default()) {
                check(&parsed);
            }
        }
    }

    #[test]
    fn what_is_printed_is_read_back(events in vec(event(), 1..8)) {
        let printed: Vec<Value> = events.iter().map(print).collect();
        let parsed = parse(json!(printed).to_string().as_bytes(), Body::Json, NOW, &Limits::default()).unwrap();
        prop_assert_eq!(&parsed.refused, &[]);
        prop_assert_eq!(&parsed.ignored_fields, &Vec::<String>::new());
        for (read, sent) in parsed.events.iter().zip(&events) {
            let mut sent = sent.clone();
            // JSON objects have no order of their own; the printer's is alphabetical, as labels are.
            if let EventBody::Transition(transition) = &mut sent.body {
                transition.causes.sort();
            }
            prop_assert_eq!(read, &sent);
        }
        prop_assert_eq!(parsed.events.len(), events.len());
    }

    #[test]
    fn damaged_bodies(event in event(), cut in any::<prop::sample::Index>(), byte in any::<u8>(), keep in any::<bool>()) {
        let mut body = json!([print(&event)]).to_string().into_bytes();
        let at = cut.index(body.len());
        if keep {
            body[at] = byte;
        } else {
            body.truncate(at);
        }
        for kind in [Body::Json, Body::Ndjson] {
            match parse(&body, kind, NOW, &Limits::default()) {
                Ok(parsed) => check(&parsed),
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.is_too_large()),
            }
        }
        if !keep {
            prop_assert!(parse(&body, Body::Json, NOW, &Limits::default()).is_err());
        }
    }
}
