//! What an alert is called in one line, and how urgent it looks.

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

/// What is at its right: who has it and since when, or why it waits.
pub(super) fn state(alert: &AlertItem, now: i64, offset_min: i32) -> String {
    match (alert.phase.as_str(), &alert.ack, alert.snoozed_until) {
        ("acknowledged", Some(ack), _) => format!("{} has it, {}", ack.by.name, span_short(now - ack.at)),
        ("snoozed", _, Some(until)) => format!("snoozed until {}", &moment(until, now, offset_min)),
        ("suppressed", ..) => "held back".to_owned(),
        (phase, ..) => phase.to_owned(),
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
