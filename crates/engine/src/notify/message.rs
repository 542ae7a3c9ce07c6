//! What is told of an alert, as a message. Made once, when the outbox is emptied, so that every attempt says the same.

use channels::{Message, Notice};
use domain::alert;
use store::{OutboxRow, StoredAlert, StoredEvent, TenantId};

/// What names a notice of an alert within its tenant.
pub(super) fn subject(row: &OutboxRow) -> String {
    format!("alert.{}.{}", row.alert, row.event)
}

/// What belongs to one alert.
pub(super) fn topic(alert: u64) -> String {
    format!("alert.{alert}")
}

/// The alert that a topic is about.
pub(super) fn alert_of(topic: &str) -> Option<u64> {
    topic.strip_prefix("alert.")?.parse().ok()
}

/// What names a notification for ever, for receivers.
pub(super) fn id(tenant: &TenantId, subject: &str, channel: u64) -> String {
    format!("{}.{subject}.c{channel}", tenant.as_str())
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
    Message {
        id: String::new(),
        notice: match row.notice {
            alert::Notice::Fired => Notice::Fired,
            alert::Notice::Refired => Notice::Refired,
            alert::Notice::Acknowledged => Notice::Acknowledged,
            alert::Notice::Resolved => Notice::Resolved,
        },
        topic: format!("{}.{}", tenant.as_str(), topic(row.alert)),
        at: row.created,
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
        link: None,
        ack_link: None,
        tenant: tenant.as_str().to_owned(),
        simulated: alert.simulated,
        grouped: Vec::new(),
    }
}
