//! A message, as it is sent.

use std::fmt;

use crate::check;
use crate::email::Mail;
use crate::kind::Kind;
use crate::message::Message;
use crate::settings::{Given, Secrets, Settings, Wrong};
use crate::{discord, email, opsgenie, pagerduty, slack, slack_bot, teams, telegram, twilio, webhook};

/// One attempt to tell something through a channel.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What is told.
    pub message: &'a Message,
    /// The channel's public settings.
    pub settings: &'a Settings,
    /// Its secrets.
    pub secrets: &'a Secrets,
    /// What an earlier message of the same topic was given when it was taken ([`crate::Verdict::Delivered`]).
    pub handle: Option<&'a str>,
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// An earlier attempt may have arrived. No kind tells people so: those that can name the message let the receiver
    /// find out.
    pub may_repeat: bool,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Prepared {
    /// Send this.
    Http(HttpRequest),
    /// Send this mail.
    Mail(Mail),
    /// Send nothing: this kind does not tell such things. Says why.
    Skip(&'static str),
}

/// A request. Everything in it but the method may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `POST` or `PATCH`.
    pub method: &'static str,
    /// Whole.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// At most 512 KB.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A request with a body of JSON.
    pub(crate) fn json(method: &'static str, url: String, body: &serde_json::Value) -> HttpRequest {
        HttpRequest {
            method,
            url,
            headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> HttpRequest {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Without the address, values and body: each may hold a secret.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &names)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Writes a message as a channel of this kind wants it. The settings are checked again, and the first that is wrong is
/// told.
pub fn prepare(kind: Kind, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    if let Err(wrong) = check::check(kind, attempt.settings, attempt.secrets) {
        let first = wrong.into_iter().next();
        return Err(first.unwrap_or_else(|| Wrong::new("kind", "be set up")));
    }
    let given = Given {
        kind,
        settings: attempt.settings,
        secrets: attempt.secrets,
    };
    match kind {
        Kind::Webhook => webhook::prepare(given, attempt),
        Kind::Slack => slack::prepare(given, attempt),
        Kind::SlackBot => slack_bot::prepare(given, attempt),
        Kind::Discord => discord::prepare(given, attempt),
        Kind::Teams => teams::prepare(given, attempt),
        Kind::PagerDuty => pagerduty::prepare(given, attempt),
        Kind::Opsgenie => opsgenie::prepare(given, attempt),
        Kind::Telegram => telegram::prepare(given, attempt),
        Kind::Email => email::prepare(given, attempt),
        Kind::Twilio => twilio::prepare(given, attempt),
    }
}

/// What people get, as plain text: for whoever sets a channel up. Machines get more than this, and people get it with
/// colours and buttons.
pub fn preview(kind: Kind, message: &Message) -> String {
    match kind {
        Kind::Slack | Kind::SlackBot | Kind::Discord | Kind::Teams => crate::facts::Facts::of(message).card(),
        Kind::Webhook => webhook::preview(message),
        Kind::PagerDuty => pagerduty::preview(message),
        Kind::Opsgenie => opsgenie::preview(message),
        Kind::Telegram => telegram::preview(message),
        Kind::Email => email::preview(message),
        Kind::Twilio => twilio::preview(message),
    }
}
