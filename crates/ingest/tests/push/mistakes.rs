//! The mistakes people are most likely to make, each as the file of bytes they would send, with what is said to them.
//! The files are also sent to the running server, whose answers make the table in the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use ingest::{Body, BodyError, Limits, parse};

use crate::common::{NOW, check};

/// What is said to one mistake.
enum Answer {
    /// The whole body is refused: code and sentence.
    Whole(&'static str, &'static str),
    /// How many events are accepted; the refused: index, code, field, reason; the names ignored.
    Events(
        usize,
        &'static [(u32, &'static str, &'static str, &'static str)],
        &'static [&'static str],
    ),
}

use Answer::{Events, Whole};

const MISTAKES: [(&str, Answer); 20] = [
    (
        "01-single-quotes.json",
        Whole(
            "not_json",
            "the body is not JSON: names and strings need double quotes, not single ones (line 1, column 2)",
        ),
    ),
    (
        "02-trailing-comma.json",
        Whole(
            "not_json",
            "the body is not JSON: there is a comma before the closing bracket (line 7, column 1)",
        ),
    ),
    (
        "03-ndjson-sent-as-json.json",
        Whole(
            "not_json",
            "the body is not JSON: something follows the end; for one event per line send Content-Type: \
             application/x-ndjson (line 2, column 1)",
        ),
    ),
    (
        "04-empty-body.json",
        Whole(
            "empty",
            "the body is empty; send {\"events\":[…]}, an array of events, or one event",
        ),
    ),
    (
        "05-array-of-strings.json",
        Events(
            0,
            &[(
                0,
                "wrong_type",
                "",
                "must be an object with a \"type\", got a string; it is JSON inside a string, so encode it once only",
            )],
            &[],
        ),
    ),
    (
        "06-unknown-type.json",
        Events(
            0,
            &[(
                0,
                "unknown_type",
                "type",
                "unknown type \"circuit_breaker\"; did you mean breaker?",
            )],
            &[],
        ),
    ),
    (
        "07-missing-provider.json",
        Events(0, &[(0, "missing", "provider", "is required")], &[]),
    ),
    (
        "08-hyphenated-outcome.json",
        Events(
            0,
            &[(
                0,
                "unknown_value",
                "outcome",
                "unknown outcome \"rate-limited\"; did you mean rate_limited?",
            )],
            &[],
        ),
    ),
    (
        "09-upper-case-outcome.json",
        Events(
            0,
            &[(
                0,
                "unknown_value",
                "outcome",
                "unknown outcome \"OK\"; did you mean ok?",
            )],
            &[],
        ),
    ),
    (
        "10-negative-duration.json",
        Events(
            0,
            &[(0, "out_of_range", "duration_ms", "must be ≥ 0, got -1")],
            &[],
        ),
    ),
    (
        "11-ttft-above-duration.json",
        Events(
            0,
            &[(
                0,
                "out_of_range",
                "ttft_ms",
                "must be ≤ duration_ms (812), got 2100",
            )],
            &[],
        ),
    ),
    (
        "12-time-in-seconds.json",
        Events(
            0,
            &[(
                0,
                "bad_time",
                "time",
                "looks like seconds; use milliseconds: 1763631234000",
            )],
            &[],
        ),
    ),
    (
        "13-time-without-zone.json",
        Events(
            0,
            &[(
                0,
                "bad_time",
                "time",
                "has no time zone: add Z or an offset such as +01:00, got \"2025-11-20T09:33:54\"",
            )],
            &[],
        ),
    ),
    (
        "14-percent-for-fraction.json",
        Events(
            0,
            &[(
                0,
                "out_of_range",
                "failure_rate",
                "is a fraction 0–1; did you mean 0.625?",
            )],
            &[],
        ),
    ),
    (
        "15-hyphenated-state.json",
        Events(
            0,
            &[(
                0,
                "unknown_value",
                "to",
                "unknown state \"half-open\"; did you mean half_open?",
            )],
            &[],
        ),
    ),
    (
        "16-token-count-as-string.json",
        Events(
            0,
            &[(
                0,
                "wrong_type",
                "input_tokens",
                "must be a number, got the string \"1200\"; drop the quotes: 1200",
            )],
            &[],
        ),
    ),
    (
        "17-cost-as-string.json",
        Events(
            0,
            &[(
                0,
                "wrong_type",
                "cost_usd",
                "must be a number, got the string \"$0.0024\"",
            )],
            &[],
        ),
    ),
    (
        "18-label-as-object.json",
        Events(
            0,
            &[(
                0,
                "wrong_type",
                "labels.customer",
                "must be a string, a number or a boolean, got an object",
            )],
            &[],
        ),
    ),
    (
        "19-line-break-in-error.json",
        Events(
            0,
            &[(
                0,
                "bad_character",
                "error",
                "contains the control character U+000A (a line break); remove it",
            )],
            &[],
        ),
    ),
    (
        "20-misspelt-fields.json",
        Events(
            1,
            &[(
                0,
                "missing",
                "duration_ms",
                "is required unless outcome is \"rejected\"; did you mean it by \"durationMs\"?",
            )],
            &["durationMs", "input_token"],
        ),
    ),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

#[test]
fn every_mistake_is_explained() {
    for (file, answer) in &MISTAKES {
        let body = fs::read(folder().join(file)).unwrap();
        let kind = if file.ends_with(".ndjson") {
            Body::Ndjson
        } else {
            Body::Json
        };
        match (parse(&body, kind, NOW, &Limits::default()), answer) {
            (Err(error), Whole(code, sentence)) => {
                assert_eq!(
                    (error.code(), error.to_string().as_str()),
                    (*code, *sentence),
                    "{file}"
                );
                assert!(!error.is_too_large());
            }
            (Ok(parsed), Events(accepted, refused, ignored)) => {
                check(&parsed);
                let told: Vec<_> = parsed
                    .refused
                    .iter()
                    .map(|r| (r.index, r.code.as_str(), r.field.as_str(), r.reason.as_str()))
                    .collect();
                assert_eq!(told, *refused, "{file}");
                assert_eq!(parsed.events.len(), *accepted, "{file}");
                assert_eq!(parsed.ignored_fields, *ignored, "{file}");
            }
            (other, _) => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn the_folder_holds_these_and_no_others() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        files,
        MISTAKES.iter().map(|(file, _)| (*file).to_owned()).collect()
    );
}

/// The one likely mistake too large for a file.
#[test]
fn too_many_events() {
    let body = format!("[{}]", vec!["{}"; 10_001].join(","));
    let error = parse(body.as_bytes(), Body::Json, NOW, &Limits::default()).unwrap_err();
    assert_eq!(
        error,
        BodyError::TooManyEvents {
            sent: 10_001,
            limit: 10_000
        }
    );
    assert!(error.is_too_large());
    assert_eq!(
        error.to_string(),
        "the body has 10,001 events; the limit is 10,000 per request, so send it in parts"
    );
}
