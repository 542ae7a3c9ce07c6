//! The kinds of channels, for forms: their fields, what people get, and what a new one may begin with.

use std::collections::BTreeMap;

use channels::{Kind, LABEL_PLACEHOLDER, Message, Notice, PLACEHOLDERS};
use domain::Millis;
use protocol::channels::{ChannelFieldDoc, ChannelKindDoc, ChannelPreview, PlaceholderDoc, PreviewRequest};
use secrecy::ExposeSecret as _;
use store::{AlertQuery, OutboxRow, TenantId, TenantScope};

use super::stored::Words;
use super::{ChannelError, message};
use crate::Engine;

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
        incidents: kind.opens_incidents(),
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

/// What can stand in braces in a channel's own words.
pub fn channel_placeholders() -> Vec<PlaceholderDoc> {
    let label = format!("{LABEL_PLACEHOLDER}…");
    let other = (label.as_str(), "any other label by its name");
    let all = PLACEHOLDERS.into_iter().chain([other]);
    let doc = |(name, about): (&str, &str)| PlaceholderDoc {
        name: name.into(),
        about: about.into(),
    };
    all.map(doc).collect()
}

impl Engine {
    /// What people would get through a channel of this kind with these words: of an alert that is made up and says so,
    /// and of the newest alert there is.
    ///
    /// # Errors
    /// There is no such kind, the words are not as they must be, or the store cannot be read.
    pub async fn preview_channel(
        &self,
        scope: &TenantScope,
        asked: &PreviewRequest,
    ) -> Result<ChannelPreview, ChannelError> {
        let wrong = |field: &str, must: String| (field.to_owned(), must);
        let kind = kind_of(&asked.kind).map_err(|must| ChannelError::Invalid(vec![wrong("kind", must)]))?;
        let words = Words::of(&asked.title, &asked.text).map_err(|found| {
            let named = found.into_iter().map(|(field, must)| wrong(field, must));
            ChannelError::Invalid(named.collect())
        })?;
        let shown = |mut told: Message| {
            words.say(&mut told);
            channels::preview(kind, &told)
        };
        let newest = AlertQuery {
            limit: 1,
            ..AlertQuery::default()
        };
        let newest = self.stores().alerts.alerts(scope, newest).await?;
        let of_newest = newest.first().map(|stored| {
            let row = OutboxRow {
                alert: stored.id,
                event: 0,
                notice: domain::alert::Notice::Fired,
                created: stored.alert.fired,
            };
            let post = &self.notifier().post;
            let told = Message {
                link: post.link(scope.tenant(), &format!("/alerts/{}", stored.id)),
                ack_link: post.link(&TenantId::default_tenant(), "/ack#t=…"),
                ..message::of_alert(scope.tenant(), &row, stored, None)
            };
            (stored.id, shown(told))
        });
        Ok(ChannelPreview {
            sample: shown(sample(self.clock().now())),
            newest: of_newest,
        })
    }
}

/// The kind of this name, or what it must be.
pub(super) fn kind_of(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
        format!("be one of {}", names.join(", "))
    })
}

/// An alert that is made up and says so.
fn sample(now: Millis) -> Message {
    let labels = [
        ("provider", "anthropic"),
        ("breaker", "claude-sonnet"),
        ("service", "checkout"),
    ];
    Message {
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
    }
}
