//! What answers mean, kind by kind.

use channels::{Answer, Kind, LONGEST_WAIT_MS, Verdict, judge, judge_smtp};

use crate::setup::{NOW, channel};

fn judged(kind: Kind, status: u16, body: &str) -> Verdict {
    with(kind, status, body, None, &|_| None)
}

fn with(
    kind: Kind,
    status: u16,
    body: &str,
    retry_after: Option<&str>,
    headers: &dyn Fn(&str) -> Option<String>,
) -> Verdict {
    let (_, secrets) = channel(kind);
    let answer = Answer {
        status,
        retry_after,
        body: body.as_bytes(),
        headers,
        secrets: &secrets,
    };
    let verdict = judge(kind, &answer, NOW);
    assert!(verdict.words().chars().count() <= 300 && !verdict.words().is_empty());
    verdict
}

fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered { .. } => "delivered",
        Verdict::Retry { .. } => "retry",
        Verdict::Lost { .. } => "lost",
        Verdict::Refused { .. } => "refused",
        Verdict::Gone { .. } => "gone",
    }
}

#[test]
fn statuses_mean_the_same_for_all() {
    for kind in Kind::ALL {
        for (status, meaning) in [
            (301, "refused"),
            (302, "refused"),
            (308, "refused"),
            (400, "refused"),
            (401, "gone"),
            (403, "gone"),
            (404, "gone"),
            (405, "refused"),
            (408, "retry"),
            (410, "gone"),
            (413, "refused"),
            (415, "refused"),
            (422, "refused"),
            (425, "retry"),
            (429, "retry"),
            (500, "retry"),
            (502, "retry"),
            (503, "retry"),
            (504, "retry"),
            (599, "retry"),
        ] {
            for body in ["", "nonsense", "{}", "[]", "{\"error\":7}", "\u{0}"] {
                assert_eq!(
                    name(&judged(kind, status, body)),
                    meaning,
                    "{kind:?} {status} {body}"
                );
            }
        }
        let taken = if kind == Kind::SlackBot {
            "{\"ok\":true}"
        } else {
            ""
        };
        assert_eq!(name(&judged(kind, 200, taken)), "delivered", "{kind:?}");
    }
}

#[test]
fn services_have_words_of_their_own() {
    for (kind, status, body, meaning) in [
        (Kind::Slack, 200, "ok", "delivered"),
        (Kind::Slack, 400, "invalid_payload", "refused"),
        (Kind::Slack, 400, "no_text", "refused"),
        (Kind::Slack, 403, "action_prohibited", "gone"),
        (Kind::Slack, 404, "no_service", "gone"),
        (Kind::Slack, 410, "channel_is_archived", "gone"),
        (Kind::Slack, 400, "user_not_found", "gone"),
        (Kind::Slack, 403, "invalid_token", "gone"),
        (Kind::Slack, 500, "rollup_error", "retry"),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"invalid_auth"}"#,
            "gone",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"channel_not_found"}"#,
            "gone",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"not_in_channel"}"#,
            "gone",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"is_archived"}"#,
            "gone",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"missing_scope"}"#,
            "gone",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"ratelimited"}"#,
            "retry",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"internal_error"}"#,
            "retry",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"msg_too_long"}"#,
            "refused",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"invalid_blocks"}"#,
            "refused",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"message_not_found"}"#,
            "lost",
        ),
        (
            Kind::SlackBot,
            200,
            r#"{"ok":false,"error":"cant_update_message"}"#,
            "lost",
        ),
        (Kind::SlackBot, 200, "<html>a captive portal</html>", "retry"),
        (Kind::Discord, 204, "", "delivered"),
        (
            Kind::Discord,
            404,
            r#"{"message":"Unknown Webhook","code":10015}"#,
            "gone",
        ),
        (
            Kind::Discord,
            404,
            r#"{"message":"Unknown Message","code":10008}"#,
            "lost",
        ),
        (
            Kind::Discord,
            401,
            r#"{"message":"Invalid Webhook Token","code":50027}"#,
            "gone",
        ),
        (
            Kind::Discord,
            400,
            r#"{"message":"Cannot send an empty message","code":50006}"#,
            "refused",
        ),
        (Kind::Teams, 202, "", "delivered"),
        (Kind::Teams, 413, "", "refused"),
        (
            Kind::Teams,
            400,
            r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"x"}}"#,
            "gone",
        ),
        (
            Kind::Teams,
            404,
            r#"{"error":{"code":"WorkflowNotFound","message":"x"}}"#,
            "gone",
        ),
        (
            Kind::PagerDuty,
            202,
            r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#,
            "delivered",
        ),
        (
            Kind::PagerDuty,
            400,
            r#"{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}"#,
            "gone",
        ),
        (
            Kind::PagerDuty,
            400,
            r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing"]}"#,
            "refused",
        ),
        (
            Kind::Opsgenie,
            202,
            r#"{"result":"Request will be processed"}"#,
            "delivered",
        ),
        (
            Kind::Opsgenie,
            422,
            r#"{"message":"Request body is not processable."}"#,
            "refused",
        ),
        (
            Kind::Telegram,
            401,
            r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
            "gone",
        ),
        (
            Kind::Telegram,
            403,
            r#"{"ok":false,"description":"Forbidden: bot was kicked from the group chat"}"#,
            "gone",
        ),
        (
            Kind::Telegram,
            400,
            r#"{"ok":false,"description":"Bad Request: chat not found"}"#,
            "gone",
        ),
        (
            Kind::Telegram,
            400,
            r#"{"ok":false,"description":"Bad Request: can't parse entities"}"#,
            "refused",
        ),
        (
            Kind::Twilio,
            201,
            r#"{"sid":"SM0","status":"queued"}"#,
            "delivered",
        ),
        (
            Kind::Twilio,
            400,
            r#"{"code":21211,"message":"Invalid 'To' Phone Number"}"#,
            "gone",
        ),
        (
            Kind::Twilio,
            400,
            r#"{"code":21602,"message":"Message body is required."}"#,
            "refused",
        ),
        (
            Kind::Twilio,
            401,
            r#"{"code":20003,"message":"Authenticate"}"#,
            "gone",
        ),
    ] {
        assert_eq!(
            name(&judged(kind, status, body)),
            meaning,
            "{kind:?} {status} {body}"
        );
    }
}

#[test]
fn handles_are_kept_when_they_are_plain() {
    let handle = |kind, body: &str| match judged(kind, 200, body) {
        Verdict::Delivered { handle, .. } => handle,
        other => panic!("{other:?}"),
    };
    let slack = r#"{"ok":true,"channel":"C0123456789","ts":"1503435956.000247"}"#;
    assert_eq!(
        handle(Kind::SlackBot, slack).as_deref(),
        Some("C0123456789:1503435956.000247")
    );
    assert_eq!(
        handle(Kind::SlackBot, r#"{"ok":true,"channel":"C:1","ts":"1"}"#),
        None
    );
    assert_eq!(
        handle(Kind::Discord, r#"{"id":"1234567890123456789","type":0}"#).as_deref(),
        Some("1234567890123456789")
    );
    assert_eq!(handle(Kind::Discord, r#"{"id":"../../x"}"#), None);
    assert_eq!(
        handle(Kind::Telegram, r#"{"ok":true,"result":{"message_id":42}}"#).as_deref(),
        Some("42")
    );
    assert_eq!(handle(Kind::Webhook, r#"{"id":"1"}"#), None);
}

#[test]
fn a_group_that_moved_says_where() {
    let body = r#"{"ok":false,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-100777}}"#;
    let verdict = judged(Kind::Telegram, 400, body);
    assert_eq!(name(&verdict), "gone");
    assert!(verdict.words().contains("-100777"));
}

#[test]
fn pauses_are_as_long_as_they_say() {
    let none = |_: &str| None;
    let wait =
        |kind, body: &str, retry_after: Option<&str>, headers: &dyn Fn(&str) -> Option<String>| match with(
            kind,
            429,
            body,
            retry_after,
            headers,
        ) {
            Verdict::Retry { after_ms, .. } => after_ms,
            other => panic!("{other:?}"),
        };
    for (text, ms) in [
        ("30", Some(30_000)),
        (" 0 ", Some(0)),
        ("1.5", Some(1_500)),
        ("-1", None),
        ("NaN", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", Some(LONGEST_WAIT_MS)),
        // Eleven seconds and a bit after now.
        ("Sat, 21 Nov 2026 08:41:19 GMT", Some(11_877)),
        ("Fri, 20 Nov 2020 13:21:19 GMT", Some(0)),
        ("Fri, 20 Nov 2099 13:21:19 GMT", Some(LONGEST_WAIT_MS)),
    ] {
        for kind in Kind::ALL {
            assert_eq!(wait(kind, "", Some(text), &none), ms, "{kind:?} {text}");
        }
    }
    let discord = r#"{"message":"You are being rate limited.","retry_after":0.3,"global":false}"#;
    assert_eq!(wait(Kind::Discord, discord, None, &none), Some(300));
    assert_eq!(wait(Kind::Discord, discord, Some("1"), &none), Some(1_000));
    let telegram =
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#;
    assert_eq!(wait(Kind::Telegram, telegram, None, &none), Some(35_000));
    let reset = |name: &str| (name == "ratelimit-reset").then(|| "7".to_owned());
    assert_eq!(wait(Kind::PagerDuty, "", None, &reset), Some(7_000));
}

#[test]
fn words_are_short_and_on_one_line() {
    let body = "line one\r\nline two\u{1b}[31m\u{0}\u{202e}".to_owned() + &"x".repeat(9_000);
    let verdict = judged(Kind::Webhook, 500, &body);
    let words = verdict.words();
    assert!(
        words.starts_with("the receiver cannot take it now (500): line one line two"),
        "{words}"
    );
    assert!(!words.contains(|c: char| c.is_control() || c == '\u{202e}') && words.ends_with('…'));
    assert_eq!(
        judged(Kind::Webhook, 410, "").words(),
        "the receiver says that there is nothing at this address (410)"
    );
}

#[test]
fn mail_servers_are_understood() {
    for (code, meaning) in [
        (250, "delivered"),
        (251, "delivered"),
        (354, "retry"),
        (421, "retry"),
        (450, "retry"),
        (451, "retry"),
        (452, "retry"),
        (454, "retry"),
        (500, "refused"),
        (530, "gone"),
        (534, "gone"),
        (535, "gone"),
        (538, "gone"),
        (550, "refused"),
        (552, "refused"),
        (554, "refused"),
        (0, "retry"),
        (999, "retry"),
    ] {
        assert_eq!(name(&judge_smtp(code, "x")), meaning, "{code}");
    }
    let verdict = judge_smtp(550, "5.1.1 no\r\nsuch user");
    assert_eq!(verdict.words(), "the mail server says 550 5.1.1 no such user");
}
