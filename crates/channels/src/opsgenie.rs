//! Opsgenie's Alert API, and Jira Service Management, which answers the same requests at an address of its own: create,
//! acknowledge, close, each answered 202.
//! <https://docs.opsgenie.com/docs/alert-api>,
//! <https://support.atlassian.com/jira-service-management-cloud/docs/create-an-api-integration/>
//!
//! The alias is the topic, so that an open alert of it is counted up and not made twice. Limits: message 130 characters,
//! alias 512, description 15,000, note 25,000, user 100, source 100, a tag 50, details 8,000 together.
//!
//! Opsgenie itself ends in April 2027; Jira Service Management is what is offered first.

use serde_json::{Map, Value, json};

use crate::facts::Facts;
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::key::key;
use crate::message::{Message, Notice, Severity};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::{fit, length, line_of};

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "key",
        "API key",
        "Of an API integration of your team.",
        Input::Text { most: 300 },
    )
    .secret()
    .required(),
    Field::new(
        "service",
        "Service",
        "Opsgenie ends in April 2027.",
        Input::Choice(&[
            ("jsm", "Jira Service Management"),
            ("opsgenie", "Opsgenie"),
            ("opsgenie_eu", "Opsgenie in Europe"),
        ]),
    )
    .or("jsm"),
    crate::field::api_url(""),
];

const MESSAGE: usize = 130;
const ALIAS: usize = 512;
const DESCRIPTION: usize = 15_000;
const NOTE: usize = 2_000;
const USER: usize = 100;
const DETAILS: usize = 8_000;

/// Where the API is, up to its `/v2`.
pub(crate) fn base(given: Given<'_>) -> String {
    match (given.some("api_url"), given.text("service")) {
        (Some(_), _) => given.base("api_url").to_owned(),
        (None, "opsgenie") => "https://api.opsgenie.com".to_owned(),
        (None, "opsgenie_eu") => "https://api.eu.opsgenie.com".to_owned(),
        (None, _) => "https://api.atlassian.com/jsm/ops/integration".to_owned(),
    }
}

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    if !given.text("key").bytes().all(|b| b.is_ascii_graphic()) {
        wrong.push(Wrong::new("key", "be visible ASCII without spaces"));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let message = attempt.message;
    let alias = key(&message.topic, ALIAS);
    let base = base(given);
    let (url, body) = match message.notice {
        Notice::Acknowledged => (action_url(&base, &alias, "acknowledge"), follow_up(message)),
        Notice::Resolved => (action_url(&base, &alias, "close"), follow_up(message)),
        _ => (format!("{base}/v2/alerts"), create(message)),
    };
    let request = HttpRequest::json("POST", url, &body);
    Ok(Prepared::Http(request.header(
        "authorization",
        format!("GenieKey {}", given.text("key")),
    )))
}

/// An alias is nothing that a path could take for more than a name.
fn action_url(base: &str, alias: &str, action: &str) -> String {
    format!("{base}/v2/alerts/{alias}/{action}?identifierType=alias")
}

fn create(message: &Message) -> Value {
    let facts = Facts::of(message);
    let mut details = Map::new();
    let mut used = 0;
    let links = facts.links.iter().map(|(name, url)| (*name, url.as_str()));
    let list = facts
        .details
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in list.chain(links) {
        used += length(name) + length(value);
        if used <= DETAILS {
            details.insert(name.to_owned(), value.into());
        }
    }
    let mut tags = vec!["fuseboard"];
    if message.simulated {
        tags.push("simulated");
    }
    json!({
        "message": fit(&facts.heading, MESSAGE),
        "alias": key(&message.topic, ALIAS),
        "description": fit(&facts.plain(), DESCRIPTION),
        "details": details,
        "source": "Fuseboard",
        "tags": tags,
        "priority": match message.severity {
            Severity::Critical => "P1",
            Severity::Warning => "P3",
            Severity::Info => "P5",
        },
    })
}

fn follow_up(message: &Message) -> Value {
    let mut body = json!({"source": "Fuseboard"});
    let note = line_of(message.note.as_deref().unwrap_or_default(), NOTE - 20);
    let note = format!("{}{note}", crate::facts::mark(message));
    if !note.is_empty() {
        body["note"] = note.trim_end().into();
    }
    let by = line_of(message.by.as_deref().unwrap_or_default(), USER);
    if !by.is_empty() {
        body["user"] = by.into();
    }
    body
}

pub(crate) fn preview(message: &Message) -> String {
    let body = match message.notice {
        Notice::Acknowledged | Notice::Resolved => follow_up(message),
        _ => create(message),
    };
    serde_json::to_string_pretty(&body).unwrap_or_default()
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    let body = answer.json();
    by_status(
        "the service",
        answer,
        now,
        body.get("message").and_then(Value::as_str),
    )
}
