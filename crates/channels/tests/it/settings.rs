//! What a channel can be set up with.

use channels::{Input, Kind, Wrong, check, destination};
use secrecy::SecretString;

use crate::setup::channel;

/// The fields that are wrong when one value is another.
fn wrong_with(kind: Kind, name: &str, value: &str) -> Vec<Wrong> {
    let (mut settings, mut secrets) = channel(kind);
    if kind.field(name).is_some_and(|field| field.secret) {
        secrets.insert(name.into(), SecretString::from(value));
    } else {
        settings.insert(name.into(), value.into());
    }
    check(kind, &settings, &secrets).err().unwrap_or_default()
}

#[test]
fn names_lead_back_and_fields_describe_themselves() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        let stored = serde_json::to_string(&kind).unwrap();
        assert_eq!(stored, format!("\"{}\"", kind.as_str()));
        assert!(!kind.title().is_empty() && kind.about().ends_with('.'));
        let (settings, secrets) = channel(kind);
        assert_eq!(check(kind, &settings, &secrets), Ok(()));
        assert!(destination(kind, &settings, &secrets).is_some());
        for field in kind.fields() {
            assert!(!field.label.is_empty() && !field.hint.is_empty());
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(field.name.chars().all(plain), "{}", field.name);
            if let Input::Choice(values) = field.input {
                assert!(values.iter().any(|(value, _)| *value == field.default));
            }
            assert!(!field.secret || field.default.is_empty());
        }
    }
    assert_eq!(Kind::parse("carrier_pigeon"), None);
}

#[test]
fn what_is_required_cannot_be_left_out() {
    for kind in Kind::ALL {
        let (settings, secrets) = channel(kind);
        for field in kind.fields().iter().filter(|field| field.required) {
            let (mut settings, mut secrets) = (settings.clone(), secrets.clone());
            settings.remove(field.name);
            secrets.remove(field.name);
            let wrong = check(kind, &settings, &secrets).unwrap_err();
            assert_eq!(wrong.len(), 1, "{kind:?} {wrong:?}");
            assert_eq!(wrong[0].to_string(), format!("{} must be given", field.name));
            // Spaces are nothing.
            assert_eq!(wrong_with(kind, field.name, "  ").len(), 1);
        }
    }
}

#[test]
fn fields_are_where_they_belong() {
    for kind in Kind::ALL {
        let (mut settings, mut secrets) = channel(kind);
        settings.insert("nonsense".into(), "x".into());
        settings.insert("xoxb-secret-in-the-wrong-place-0123456789".into(), "x".into());
        secrets.insert("rubbish".into(), "x".into());
        let wrong = check(kind, &settings, &secrets).unwrap_err();
        let names: Vec<&str> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(names, ["nonsense", "a field", "rubbish"]);
        let secret = kind.fields().iter().find(|field| field.secret).unwrap();
        let (mut settings, secrets) = channel(kind);
        settings.insert(secret.name.into(), "shown".into());
        assert!(check(kind, &settings, &secrets).is_err());
    }
}

#[test]
fn values_are_judged() {
    for (kind, name, good, bad) in [
        (
            Kind::Slack,
            "url",
            &[
                "https://mattermost.example.com/hooks/x",
                " https://hooks.slack.com/services/x ",
                "http://127.0.0.1:9/x",
            ][..],
            &[
                "http://hooks.slack.com/services/x",
                "hooks.slack.com",
                "https://u:p@example.com/",
                "https://example.com/#x",
                "ftp://x",
            ][..],
        ),
        (
            Kind::Webhook,
            "secret",
            &[
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            ],
            &[
                "whsec_",
                "whsec_c2hvcnQ=",
                "not base64!",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw x",
            ],
        ),
        (
            Kind::Webhook,
            "authorization",
            &["Basic dTpw"],
            &["a\r\nX: y", "Zoë"],
        ),
        (Kind::SlackBot, "token", &["xoxb-1"], &["token", "xoxb-1\n2"]),
        (
            Kind::SlackBot,
            "channel",
            &["C0123", "#alerts"],
            &["C0 1", "<!here>"],
        ),
        (Kind::Discord, "username", &["Ops"], &["Discord", "clyde bot"]),
        (Kind::Discord, "thread_id", &["1"], &["0", "-1", "x", "+1", "1e3"]),
        (
            Kind::PagerDuty,
            "routing_key",
            &["0123456789abcdef0123456789ABCDEF"],
            &["short", "0123456789abcdef0123456789ABCDE!"],
        ),
        (Kind::PagerDuty, "region", &["us", "eu"], &["US", "asia"]),
        (
            Kind::PagerDuty,
            "api_url",
            &["http://127.0.0.1:9"],
            &["http://events.pagerduty.com"],
        ),
        (
            Kind::Opsgenie,
            "service",
            &["jsm", "opsgenie", "opsgenie_eu"],
            &["x"],
        ),
        (Kind::Opsgenie, "key", &["a-b"], &["a b", "ä"]),
        (
            Kind::Telegram,
            "token",
            &["1:abcdefghij-_"],
            &["abc", ":abcdefghij", "1:abc", "1:abcdefghij/../x"],
        ),
        (
            Kind::Telegram,
            "chat_id",
            &["-100123", "7", "@alerts"],
            &["alerts", "@a", "@a/b", "1.5"],
        ),
        (
            Kind::Email,
            "host",
            &["smtp.example.com", "127.0.0.1", "::1"],
            &["smtp://x", "a b", "x:25", "a%62"],
        ),
        (Kind::Email, "port", &["25", "65535"], &["0", "65536", "x", "-25"]),
        (
            Kind::Email,
            "from",
            &["a@example.com", "A <a@example.com>"],
            &["a", "a@", "a@b.c, d@e.f", "a@b.c\r\nBcc: x@y.z", "ä@example.com"],
        ),
        (
            Kind::Email,
            "to",
            &["a@b.cc", "a@b.cc,  D <d@e.ff>"],
            &["a", ",", "a@b.cc; d@e.ff", "a@b.cc\nx"],
        ),
        (Kind::Email, "tls", &["tls", "starttls"], &["none", "ssl"]),
        (
            Kind::Twilio,
            "account_sid",
            &["ACffffffffffffffffffffffffffffffff"],
            &["AC1", "AC/../../../../../../../../../../../"],
        ),
        (
            Kind::Twilio,
            "from",
            &[
                "+15005550006",
                "MG00000000000000000000000000000000",
                "Fuseboard",
                "12345",
            ],
            &["0151", "<b>", "+0123456789"],
        ),
        (
            Kind::Twilio,
            "to",
            &["+4915112345678"],
            &["015112345678", "+49 151", "4915112345678"],
        ),
    ] {
        for value in good {
            assert_eq!(wrong_with(kind, name, value), [], "{kind:?} {name} {value:?}");
        }
        for value in bad {
            let wrong = wrong_with(kind, name, value);
            assert_eq!(wrong.len(), 1, "{kind:?} {name} {value:?}: {wrong:?}");
            assert_eq!(wrong[0].field, name);
        }
    }
}

#[test]
fn there_is_a_most_of_everything() {
    for kind in Kind::ALL {
        for field in kind.fields() {
            let wrong = wrong_with(kind, field.name, &"a".repeat(5_000));
            assert_eq!(wrong.len(), 1, "{kind:?} {}", field.name);
            let wrong = wrong_with(kind, field.name, "a\u{0}b");
            assert_eq!(wrong.len(), 1, "{kind:?} {}", field.name);
        }
    }
    let many: Vec<String> = (0..51).map(|n| format!("a{n}@example.com")).collect();
    assert_eq!(
        wrong_with(Kind::Email, "to", &many.join(","))[0].must,
        "be at most 50 addresses"
    );
}

#[test]
fn mail_has_user_and_password_or_neither() {
    let (mut settings, mut secrets) = channel(Kind::Email);
    secrets.clear();
    assert_eq!(
        check(Kind::Email, &settings, &secrets).unwrap_err()[0].field,
        "password"
    );
    settings.remove("user");
    assert_eq!(check(Kind::Email, &settings, &secrets), Ok(()));
    settings.insert("tls".into(), "none".into());
    assert_eq!(check(Kind::Email, &settings, &secrets), Ok(()));
    // On this machine a password may go in the clear.
    let (mut settings, secrets) = channel(Kind::Email);
    settings.insert("tls".into(), "none".into());
    settings.insert("host".into(), "127.0.0.1".into());
    assert_eq!(check(Kind::Email, &settings, &secrets), Ok(()));
}

#[test]
fn secrets_are_for_one_destination() {
    let at = |kind, changes: &[(&str, &str)]| {
        let (mut settings, mut secrets) = channel(kind);
        for (name, value) in changes {
            if kind.field(name).unwrap().secret {
                secrets.insert((*name).into(), SecretString::from(*value));
            } else {
                settings.insert((*name).into(), (*value).into());
            }
        }
        destination(kind, &settings, &secrets).unwrap()
    };
    assert_eq!(at(Kind::Webhook, &[]), "https://hooks.example.com:443");
    assert_eq!(
        at(Kind::Webhook, &[("url", "http://n8n:5678/x")]),
        "http://n8n:5678"
    );
    assert_eq!(at(Kind::SlackBot, &[]), "https://slack.com:443");
    assert_eq!(at(Kind::PagerDuty, &[]), "https://events.eu.pagerduty.com:443");
    assert_eq!(
        at(Kind::PagerDuty, &[("region", "us")]),
        "https://events.pagerduty.com:443"
    );
    assert_eq!(at(Kind::Opsgenie, &[]), "https://api.atlassian.com:443");
    assert_eq!(
        at(Kind::Telegram, &[("api_url", "http://127.0.0.1:8081")]),
        "http://127.0.0.1:8081"
    );
    assert_eq!(at(Kind::Email, &[]), "smtp+starttls://smtp.example.com:587");
    assert_eq!(at(Kind::Email, &[("tls", "none")]), "smtp://smtp.example.com:587");
    assert_eq!(
        at(Kind::Email, &[("tls", "tls"), ("port", "465")]),
        "smtps://smtp.example.com:465"
    );
}
