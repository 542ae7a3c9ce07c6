//! The kinds of channels, for forms: their fields, what people get, and what a new one may begin with.

use std::collections::BTreeMap;

use channels::{Kind, Message, Notice};
use domain::Millis;
use protocol::channels::{ChannelFieldDoc, ChannelKindDoc};
use secrecy::ExposeSecret as _;

use super::message;

/// Every kind of channel, with its fields.
pub fn channel_kinds() -> Vec<ChannelKindDoc> {
    let field = |field: &channels::Field| {
        use channels::Input;
        let (input, choices): (&str, Vec<String>) = match field.input {
            Input::Text { .. } | Input::Host => ("text", vec![]),
            Input::Url => ("url", vec![]),
            Input::Email => ("email", vec![]),
            Input::Emails => ("text", vec![]),
            Input::Number { .. } => ("number", vec![]),
            Input::Choice(values) => (
                "choice",
                values.iter().map(|(value, _)| (*value).to_owned()).collect(),
            ),
        };
        ChannelFieldDoc {
            name: field.name.into(),
            label: field.label.into(),
            hint: field.hint.into(),
            secret: field.secret,
            required: field.required,
            default: field.default.into(),
            input: input.into(),
            choices,
        }
    };
    let kind = |kind: Kind| ChannelKindDoc {
        kind: kind.as_str().into(),
        title: kind.title().into(),
        about: kind.about().into(),
        read: kind.is_read(),
        fields: kind.fields().iter().map(field).collect(),
    };
    Kind::ALL.into_iter().map(kind).collect()
}

/// Secrets that a new channel of this kind may begin with: those that are ours to choose and the receiver's to know.
pub fn channel_suggestions(kind: &str) -> BTreeMap<String, String> {
    let mut suggested = BTreeMap::new();
    if Kind::parse(kind) == Some(Kind::Webhook)
        && let Ok(secret) = channels::new_signing_secret()
    {
        suggested.insert("secret".to_owned(), secret.expose_secret().to_owned());
    }
    suggested
}

/// What people get through a channel of this kind, by an alert that is made up and says so.
pub fn channel_preview(kind: &str, now: Millis) -> String {
    let Some(kind) = Kind::parse(kind) else {
        return String::new();
    };
    let labels = [
        ("provider", "anthropic"),
        ("breaker", "claude-sonnet"),
        ("service", "checkout"),
    ];
    let told = Message {
        severity: channels::Severity::Critical,
        title: "Breaker open: claude-sonnet".into(),
        summary: "2 of 3 instances are open".into(),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        rule: "Breaker open".into(),
        since: now - 30_000,
        runbook: Some("https://example.com/runbooks/breaker-open".into()),
        link: Some("https://board.example.com/alerts/12".into()),
        ack_link: Some("https://board.example.com/ack#t=…".into()),
        id: "example.alert.12.2.c1".into(),
        ..message::blank(Notice::Fired, "example", &message::topic(12), now)
    };
    channels::preview(kind, &told)
}
