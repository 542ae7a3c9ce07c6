//! What an alert is called in one line, and how urgent it looks.

use leptos::prelude::*;
use protocol::Level;
use protocol::alerts::{AlertEventItem, AlertItem};

use crate::format::{clock, moment, span_short};

/// How urgent an alert is to whoever looks for what to do: what is resolved is fine, what somebody has is no call.
pub(super) fn level(alert: &AlertItem) -> Level {
    match (alert.phase.as_str(), alert.severity.as_str()) {
        ("resolved", _) => Level::Ok,
        ("firing", "critical") => Level::Act,
        ("firing", _) => Level::Attention,
        _ => Level::Unknown,
    }
}

/// Below its title: what was found, or how it ended.
pub(super) fn line(alert: &AlertItem) -> String {
    let Some(resolved) = alert.resolved else {
        return match (alert.phase.as_str(), &alert.ack, alert.snoozed_until) {
            ("suppressed", ..) if !alert.held.is_empty() => alert.held.clone(),
            _ => alert.summary.clone(),
        };
    };
    let after = format!("resolved after {}", span_short(resolved - alert.fired));
    match &alert.resolved_by {
        Some(by) => format!("{after} by {}", by.name),
        None => after,
    }
}

/// What is at its right when nobody has it: why it waits.
pub(super) fn state(alert: &AlertItem, now: i64, offset_min: i32) -> String {
    match (alert.phase.as_str(), alert.snoozed_until) {
        ("snoozed", Some(until)) => format!("snoozed until {}", &moment(until, now, offset_min)),
        ("suppressed", _) => "held back".to_owned(),
        (phase, _) => phase.to_owned(),
    }
}

/// A line of the timeline: who, and what they did.
pub(super) fn event(event: &AlertEventItem, now: i64, offset_min: i32) -> (String, String) {
    let by = event.by.as_ref().map(|by| by.name.clone());
    let until = event
        .until
        .map(|until| format!(" until {}", moment(until, now, offset_min)))
        .unwrap_or_default();
    let text = event.text.clone();
    let someone = |did: &str| match &by {
        Some(name) => format!("{name} {did}{until}"),
        None => format!("{}{until}", capital(did)),
    };
    match event.kind.as_str() {
        "pending" => ("Pending".into(), text),
        "fired" => ("Fired".into(), text),
        "refired" => ("Needs somebody again".into(), text),
        "acknowledged" => (someone("has it"), text),
        "unacknowledged" => (someone("gave it back"), text),
        "snoozed" => (someone("put it off"), text),
        "unsnoozed" => (someone("took it up again"), text),
        "suppressed" => ("Held back".into(), text),
        "released" => ("No longer held back".into(), text),
        "escalated" => ("Nobody took it: escalated".into(), text),
        "assigned" => (someone("assigned it"), text),
        "commented" => (by.clone().unwrap_or_default(), text),
        "joined" => ("Part of an incident".into(), String::new()),
        "resolved" => match &by {
            Some(name) => (format!("{name} resolved it"), text),
            None => ("Resolved".into(), text),
        },
        other => (other.to_owned(), text),
    }
}

/// Below this an age is told as `now`, milliseconds.
const JUST: i64 = 10_000;

/// How long ago, `4 min`; the pages' script tells it anew as time passes (`public/watch.js`, `age`).
pub(super) fn age(at: i64, now: i64, title: String) -> AnyView {
    view! { <time data-since=at.to_string() title=title>{span_short(now - at)}</time> }.into_any()
}

/// The same, and `now` at first.
pub(super) fn since_now(at: i64, now: i64, title: String) -> AnyView {
    let words = match now - at {
        ..JUST => "now".to_owned(),
        age => span_short(age),
    };
    view! { <time data-since=at.to_string() data-now="" title=title>{words}</time> }.into_any()
}

/// Where it is, from its labels, as far as its title does not say it: `anthropic/eu`.
pub(super) fn place(alert: &AlertItem) -> String {
    let parts = ["environment", "service", "provider", "deployment"].into_iter();
    let said = |value: &str| alert.title.ends_with(&[": ", value].concat());
    let parts = parts.filter_map(|name| {
        let value = alert.labels.get(name)?.as_str();
        (!value.is_empty() && !said(value)).then_some(value)
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Two letters for somebody: of the first two words, else the first two of the name.
pub(super) fn initials(name: &str) -> String {
    let mut words = name
        .split([' ', '-', '.', '_', '@'])
        .filter(|word| !word.is_empty());
    let letters: String = match (words.next(), words.next()) {
        (Some(first), Some(second)) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        (Some(only), None) => only.chars().take(2).collect(),
        _ => String::new(),
    };
    letters.to_uppercase()
}

/// `critical`, since when, and for how long.
pub(super) fn since(alert: &AlertItem, now: i64, offset_min: i32) -> String {
    let fired = moment(alert.fired, now, offset_min);
    match alert.resolved {
        None => format!("since {fired} ({})", span_short(now - alert.fired)),
        Some(resolved) => format!("{fired} to {}", clock(resolved, offset_min)),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
