//! Channels that are set up as they should be, and messages.

use std::collections::BTreeMap;

use channels::{
    Attempt, HttpRequest, Kind, Mail, Message, Notice, Prepared, Secrets, Settings, Severity, prepare,
};
use secrecy::SecretString;
use serde_json::Value;

pub const NOW: i64 = 1_795_250_467_123;

/// Values of the secret fields, which must be nowhere but in requests.
pub const CANARIES: [&str; 9] = [
    "CANARYslackpath0123456789",
    "CANARYdiscordtoken0123456789",
    "CANARYteamssig0123456789",
    "CANARYhookpath0123456789",
    "CANARYbearer0123456789",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    "xoxb-CANARY-0123456789",
    "CANARY0123456789CANARY0123456789",
    "CANARYpassword0123456789",
];

type Pairs = &'static [(&'static str, &'static str)];

pub fn channel(kind: Kind) -> (Settings, Secrets) {
    let (settings, secrets): (Pairs, Pairs) = match kind {
        Kind::Webhook => (
            &[],
            &[
                ("url", "https://hooks.example.com/CANARYhookpath0123456789?x=1"),
                ("secret", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
                ("authorization", "Bearer CANARYbearer0123456789"),
            ],
        ),
        Kind::Slack => (
            &[],
            &[(
                "url",
                "https://hooks.slack.com/services/T0/B0/CANARYslackpath0123456789",
            )],
        ),
        Kind::SlackBot => (
            &[("channel", "C0123456789")],
            &[("token", "xoxb-CANARY-0123456789")],
        ),
        Kind::Discord => (
            &[("thread_id", "77")],
            &[(
                "url",
                "https://discord.com/api/webhooks/123456789012345678/CANARYdiscordtoken0123456789",
            )],
        ),
        Kind::Teams => (
            &[],
            &[(
                "url",
                "https://prod-1.westeurope.logic.azure.com/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=CANARYteamssig0123456789",
            )],
        ),
        Kind::PagerDuty => (
            &[("region", "eu")],
            &[("routing_key", "CANARY0123456789CANARY0123456789")],
        ),
        Kind::Opsgenie => (&[], &[("key", "CANARYpassword0123456789")]),
        Kind::Telegram => (
            &[("chat_id", "-1001234567890")],
            &[("token", "123456789:CANARYpassword0123456789")],
        ),
        Kind::Email => (
            &[
                ("host", "smtp.example.com"),
                ("user", "alerts"),
                ("from", "Fuseboard <alerts@example.com>"),
                ("to", "a@example.org, Zoë <b@example.org>"),
            ],
            &[("password", "CANARYpassword0123456789")],
        ),
        Kind::Twilio => (
            &[
                ("account_sid", "AC00000000000000000000000000000000"),
                ("from", "+15005550006"),
                ("to", "+4915112345678"),
            ],
            &[("token", "CANARYpassword0123456789")],
        ),
    };
    (
        settings
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        secrets
            .iter()
            .map(|(name, value)| ((*name).into(), SecretString::from(*value)))
            .collect(),
    )
}

pub fn message(notice: Notice) -> Message {
    let labels = [
        ("instance", "eu-1"),
        ("model", "claude-sonnet"),
        ("provider", "anthropic"),
        ("rule", "Breaker open"),
        ("severity", "critical"),
    ];
    let labels: BTreeMap<String, String> = labels.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    let mut message = Message {
        id: format!("default.alert.12.3.{}", notice.as_str()),
        notice,
        topic: "default.alert.12".into(),
        at: NOW - 123,
        severity: Severity::Critical,
        title: "Breaker open: claude-sonnet".into(),
        summary: "2 of 3 instances are open\nfailure rate 62.5 % > 50 % over 16 calls".into(),
        labels,
        rule: "Breaker open".into(),
        since: NOW - 2_280_123,
        fired: NOW - 2_220_123,
        by: None,
        note: None,
        runbook: Some("https://wiki.example.com/runbooks/breaker".into()),
        link: Some("https://ops.example.com/alerts/12".into()),
        ack_link: None,
        tenant: "default".into(),
        simulated: false,
        grouped: Vec::new(),
        headline: None,
        text: None,
    };
    match notice {
        Notice::Fired | Notice::Refired | Notice::Trouble => {
            message.ack_link = Some("https://ops.example.com/ack/c2lnbmVk".into());
            message.grouped = vec!["Slow: gpt-5".into(), "Errors: gpt-5".into()];
        }
        Notice::Acknowledged | Notice::Resolved => {
            message.by = Some("Zoë".into());
            message.note = Some("switched to the other region".into());
        }
        Notice::Test => {
            message.simulated = true;
            message.severity = Severity::Info;
        }
    }
    message
}

pub fn prepared(kind: Kind, message: &Message, handle: Option<&str>) -> Prepared {
    let (settings, secrets) = channel(kind);
    let attempt = Attempt {
        message,
        settings: &settings,
        secrets: &secrets,
        handle,
        now: NOW,
        may_repeat: false,
    };
    prepare(kind, &attempt).unwrap()
}

pub fn request(kind: Kind, message: &Message) -> HttpRequest {
    match prepared(kind, message, None) {
        Prepared::Http(request) => request,
        other => panic!("{kind:?}: {other:?}"),
    }
}

pub fn body(kind: Kind, message: &Message) -> Value {
    serde_json::from_slice(&request(kind, message).body).unwrap()
}

pub fn mail(message: &Message) -> Mail {
    match prepared(Kind::Email, message, None) {
        Prepared::Mail(mail) => mail,
        other => panic!("{other:?}"),
    }
}

/// As a service may count.
pub fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Every string below a value, with the name it has.
pub fn strings<'a>(value: &'a Value, name: &'a str, out: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => out.push((name, text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, name, out)),
        Value::Object(items) => items.iter().for_each(|(name, item)| strings(item, name, out)),
        _ => {}
    }
}
