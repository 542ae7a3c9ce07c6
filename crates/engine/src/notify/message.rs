//! What is told of an alert, as a message. Made once, when the outbox is emptied, so that every attempt says the same.

use std::collections::BTreeMap;

use channels::{Message, Notice};
use domain::{Millis, alert};
use store::erasures::topic_of;
use store::{OutboxRow, StoredAlert, StoredEvent, TenantId};

/// What names a notice of an alert within its tenant.
pub(super) fn subject(row: &OutboxRow) -> String {
    format!("alert.{}.{}", row.alert, row.event)
}

/// What names a step of a ladder within its tenant: since which event somebody is waited for, and the step's number.
pub(super) fn step_subject(row: &OutboxRow, nth: u32) -> String {
    format!("{}.e{nth}", subject(row))
}

/// What belongs to one alert.
pub(super) fn topic(alert: u64) -> String {
    topic_of(alert)
}

/// The alert that a topic is about.
pub(super) fn alert_of(topic: &str) -> Option<u64> {
    topic.strip_prefix("alert.")?.parse().ok()
}

/// What names a notification for ever, for receivers.
pub(super) fn id(tenant: &TenantId, subject: &str, channel: u64) -> String {
    format!("{}.{subject}.c{channel}", tenant.as_str())
}

/// A message that came up at `at` and says nothing yet; the id and links are each channel's own.
pub(super) fn blank(notice: Notice, tenant: &str, topic: &str, at: Millis) -> Message {
    Message {
        id: String::new(),
        notice,
        topic: format!("{tenant}.{topic}"),
        at,
        severity: channels::Severity::Info,
        title: String::new(),
        summary: String::new(),
        labels: BTreeMap::new(),
        rule: String::new(),
        since: at,
        fired: at,
        by: None,
        note: None,
        runbook: None,
        link: None,
        ack_link: None,
        tenant: tenant.to_owned(),
        simulated: false,
        grouped: Vec::new(),
        headline: None,
        text: None,
    }
}

/// How urgent, in the words of channels.
pub(super) fn severity(severity: alert::Severity) -> channels::Severity {
    match severity {
        alert::Severity::Info => channels::Severity::Info,
        alert::Severity::Warning => channels::Severity::Warning,
        alert::Severity::Critical => channels::Severity::Critical,
    }
}

/// A notice of an alert, for all channels alike; the id and links are each channel's own.
pub(super) fn of_alert(
    tenant: &TenantId,
    row: &OutboxRow,
    stored: &StoredAlert,
    event: Option<&StoredEvent>,
) -> Message {
    let alert = &stored.alert;
    let event = event.map(|stored| &stored.event);
    let (by, note) = match row.notice {
        alert::Notice::Acknowledged | alert::Notice::Resolved => (
            event
                .and_then(|event| event.by.as_ref())
                .map(|by| by.name.clone()),
            event
                .map(|event| event.text.clone())
                .filter(|text| !text.is_empty()),
        ),
        alert::Notice::Refired => (
            None,
            event
                .map(|event| event.text.clone())
                .filter(|text| !text.is_empty()),
        ),
        alert::Notice::Fired => (None, None),
    };
    let notice = match row.notice {
        alert::Notice::Fired => Notice::Fired,
        alert::Notice::Refired => Notice::Refired,
        alert::Notice::Acknowledged => Notice::Acknowledged,
        alert::Notice::Resolved => Notice::Resolved,
    };
    Message {
        severity: severity(alert.severity),
        title: alert.title.clone(),
        summary: alert.summary.clone(),
        labels: alert.labels.clone(),
        rule: alert.rule_name.clone(),
        since: alert.since,
        fired: alert.fired,
        by,
        note,
        runbook: alert.runbook.clone(),
        simulated: alert.simulated,
        ..blank(notice, tenant.as_str(), &topic(row.alert), row.created)
    }
}
