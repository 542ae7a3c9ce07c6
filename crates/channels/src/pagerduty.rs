//! PagerDuty, Events API v2: `POST /v2/enqueue`, answered 202.
//! <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>,
//! <https://support.pagerduty.com/main/docs/pd-cef>
//!
//! `dedup_key` is the topic: whatever is told of an alert ends up in one incident, and what arrives twice counts once.
//! Limits: summary 1024 characters, `dedup_key` 255, an event 512 KB, a routing key has 32.
//!
//! An incident that is told of again (`refired`) is not taken away from whoever acknowledged it at PagerDuty.

use serde_json::{Map, Value, json};

use crate::facts::{Facts, iso};
use crate::field::{Field, Input};
use crate::judge::{Answer, Verdict, by_status};
use crate::key::key;
use crate::message::{Message, Notice};
use crate::prepared::{Attempt, HttpRequest, Prepared};
use crate::settings::{Given, Wrong};
use crate::text::{fit, line_of};

pub(crate) const FIELDS: &[Field] = &[
    Field::new(
        "routing_key",
        "Integration key",
        "In PagerDuty: the service, Integrations, Events API v2. 32 characters.",
        Input::Text { most: 32 },
    )
    .secret()
    .required(),
    Field::new(
        "region",
        "Service region",
        "Where your account is.",
        Input::Choice(&[("us", "United States"), ("eu", "Europe")]),
    )
    .or("us"),
    crate::field::api_url(""),
];

const SUMMARY: usize = 1_024;
const DEDUP_KEY: usize = 255;
/// Of what is only told in details.
const DETAIL: usize = 8_000;

/// Where events go, without the path.
pub(crate) fn base(given: Given<'_>) -> String {
    match (given.some("api_url"), given.text("region")) {
        (Some(_), _) => given.base("api_url").to_owned(),
        (None, "eu") => "https://events.eu.pagerduty.com".to_owned(),
        (None, _) => "https://events.pagerduty.com".to_owned(),
    }
}

pub(crate) fn check(given: Given<'_>, wrong: &mut Vec<Wrong>) {
    let key = given.text("routing_key");
    if key.len() != 32 || !key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        wrong.push(Wrong::new("routing_key", "have 32 letters and digits"));
    }
}

pub(crate) fn prepare(given: Given<'_>, attempt: &Attempt<'_>) -> Result<Prepared, Wrong> {
    let mut event = event(attempt.message);
    event["routing_key"] = given.text("routing_key").into();
    let url = format!("{}/v2/enqueue", base(given));
    Ok(Prepared::Http(HttpRequest::json("POST", url, &event)))
}

fn event(message: &Message) -> Value {
    let facts = Facts::of(message);
    let action = match message.notice {
        Notice::Acknowledged => "acknowledge",
        Notice::Resolved => "resolve",
        _ => "trigger",
    };
    let mut event = json!({"event_action": action, "dedup_key": key(&message.topic, DEDUP_KEY)});
    if action != "trigger" {
        return event;
    }
    let mut details = Map::new();
    if !facts.summary.is_empty() {
        details.insert("Summary".into(), fit(&facts.summary, DETAIL).into());
    }
    for (name, value) in &facts.details {
        details.insert(name.clone(), value.clone().into());
    }
    if message.simulated {
        details.insert("Simulated".into(), true.into());
    }
    let source = match line_of(&message.tenant, 100) {
        empty if empty.is_empty() => "fuseboard".to_owned(),
        tenant => format!("fuseboard/{tenant}"),
    };
    let mut payload = json!({
        "summary": fit(&facts.heading, SUMMARY),
        "source": source,
        "severity": message.severity.as_str(),
        "timestamp": iso(message.at),
        "custom_details": details,
    });
    let rule = line_of(&message.rule, 200);
    if !rule.is_empty() {
        payload["group"] = rule.into();
    }
    event["payload"] = payload;
    event["client"] = "Fuseboard".into();
    if let Some(url) = facts.link("Open") {
        event["client_url"] = url.into();
    }
    let links = facts
        .links
        .iter()
        .map(|(name, url)| json!({"href": url, "text": name}));
    event["links"] = links.collect::<Vec<_>>().into();
    event
}

pub(crate) fn preview(message: &Message) -> String {
    serde_json::to_string_pretty(&event(message)).unwrap_or_default()
}

pub(crate) fn judge(answer: &Answer<'_>, now: i64) -> Verdict {
    let body = answer.json();
    let errors = body.get("errors").and_then(Value::as_array);
    let errors: Vec<&str> = errors.into_iter().flatten().filter_map(Value::as_str).collect();
    let message = body.get("message").and_then(Value::as_str);
    let said = message.map(|message| format!("{message} {}", errors.join("; ")));
    let about_key = said.as_ref().is_some_and(|said| {
        let said = said.to_lowercase();
        said.contains("routing key") || said.contains("routing_key")
    });
    if answer.status == 400 && about_key {
        return Verdict::Gone {
            words: answer.words(&format!("PagerDuty says: {}", said.unwrap_or_default())),
        };
    }
    by_status("PagerDuty", answer, now, said.as_deref())
}
