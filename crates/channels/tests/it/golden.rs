//! What is sent, byte for byte. Files are written anew with `FUSEBOARD_GOLDEN=1`.

use std::path::PathBuf;

use channels::{Kind, Notice, Prepared};
use serde_json::{Value, json};

use crate::setup;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Compares, or writes.
fn compare(name: &str, bytes: &[u8]) {
    let path = folder().join(name);
    if std::env::var_os("FUSEBOARD_GOLDEN").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    assert!(
        expected == bytes,
        "{name} is not what is sent:\n{}",
        String::from_utf8_lossy(bytes)
    );
}

fn handle(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::SlackBot => Some("C0123456789:1503435956.000247"),
        Kind::Discord => Some("1234567890123456789"),
        Kind::Telegram => Some("42"),
        _ => None,
    }
}

#[test]
fn each_kind_sends_what_the_files_say() {
    for kind in Kind::ALL {
        for notice in [
            Notice::Fired,
            Notice::Acknowledged,
            Notice::Resolved,
            Notice::Test,
        ] {
            let message = setup::message(notice);
            let name = format!("{}_{}", kind.as_str(), notice.as_str());
            match setup::prepared(kind, &message, handle(kind)) {
                Prepared::Mail(mail) => compare(&format!("{name}.eml"), &mail.raw),
                Prepared::Skip(why) => compare(&format!("{name}.txt"), why.as_bytes()),
                Prepared::Http(request) => {
                    let headers: Vec<String> = request
                        .headers
                        .iter()
                        .map(|(name, value)| format!("{name}: {value}"))
                        .collect();
                    let head = format!("{} {}\n{}\n", request.method, request.url, headers.join("\n"));
                    match serde_json::from_slice::<Value>(&request.body) {
                        Ok(body) => {
                            let head: Vec<&str> = head.lines().collect();
                            let all = json!({"request": head, "body": body});
                            let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
                            compare(&format!("{name}.json"), text.as_bytes());
                        }
                        Err(_) => {
                            let body = String::from_utf8(request.body).unwrap();
                            compare(&format!("{name}.txt"), format!("{head}\n{body}\n").as_bytes());
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn previews_are_what_the_files_say() {
    let mut text = String::new();
    for kind in Kind::ALL {
        for notice in [Notice::Fired, Notice::Resolved] {
            let shown = channels::preview(kind, &setup::message(notice));
            assert!(!shown.trim().is_empty());
            text.push_str(&format!("== {} {}\n{shown}\n\n", kind.as_str(), notice.as_str()));
        }
    }
    compare("previews.txt", text.as_bytes());
}

#[test]
fn a_message_is_stored_as_the_file_says() {
    let message = setup::message(Notice::Fired);
    let text = serde_json::to_string_pretty(&message).unwrap() + "\n";
    compare("message.json", text.as_bytes());
    assert_eq!(serde_json::from_str::<channels::Message>(&text).unwrap(), message);
    // What was stored before a field was added can still be read.
    let least = r#"{"id":"a","notice":"fired","topic":"t","at":1,"severity":"info","title":"x"}"#;
    let least: channels::Message = serde_json::from_str(least).unwrap();
    assert!(least.labels.is_empty() && !least.simulated && least.by.is_none());
}

#[test]
fn every_attempt_sends_the_same() {
    for kind in Kind::ALL {
        let message = setup::message(Notice::Fired);
        let (settings, secrets) = setup::channel(kind);
        let at = |now, may_repeat| {
            let attempt = channels::Attempt {
                message: &message,
                settings: &settings,
                secrets: &secrets,
                handle: None,
                now,
                may_repeat,
            };
            channels::prepare(kind, &attempt).unwrap()
        };
        match (at(setup::NOW, false), at(setup::NOW + 3_600_000, true)) {
            (Prepared::Http(first), Prepared::Http(second)) => {
                assert_eq!(first.url, second.url);
                assert!(first.body == second.body, "{kind:?}");
                let id = |request: &channels::HttpRequest| {
                    request
                        .headers
                        .iter()
                        .find(|(name, _)| name == "webhook-id")
                        .cloned()
                };
                assert_eq!(id(&first), id(&second));
            }
            (Prepared::Mail(first), Prepared::Mail(second)) => assert!(first.raw == second.raw),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_follows_up_changes_what_was_said_and_the_rest_is_said_anew() {
    let method = |kind, notice, handle| match setup::prepared(kind, &setup::message(notice), handle) {
        Prepared::Http(request) => (request.method, request.url),
        other => panic!("{other:?}"),
    };
    for notice in Notice::ALL {
        let follows = matches!(notice, Notice::Acknowledged | Notice::Resolved);
        let (slack, _) = (method(Kind::SlackBot, notice, handle(Kind::SlackBot)).1, ());
        assert_eq!(slack.ends_with("/chat.update"), follows, "{notice:?}");
        let (verb, url) = method(Kind::Discord, notice, handle(Kind::Discord));
        assert_eq!(verb == "PATCH", follows);
        assert_eq!(
            url.contains("/messages/1234567890123456789?thread_id=77"),
            follows,
            "{url}"
        );
    }
    // A handle of another make is not used.
    for odd in ["", "x", "../..", "1/2"] {
        assert_eq!(
            method(Kind::Discord, Notice::Resolved, Some(odd)).0,
            "POST",
            "{odd}"
        );
    }
}
