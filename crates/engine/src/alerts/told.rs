//! Alerts, events and silences from `domain` to `protocol`.

use domain::Millis;
use domain::alert::Who;
use protocol::alerts::{AckDoc, AlertEventItem, AlertItem, RepeatDoc, SilenceItem, WhoDoc};
use store::{StoredAlert, StoredEvent, StoredSilence};

pub(super) fn who(who: &Who) -> WhoDoc {
    WhoDoc {
        id: who.id.clone(),
        name: who.name.clone(),
    }
}

/// An alert as it is at this moment.
pub(super) fn alert(stored: &StoredAlert, now: Millis) -> AlertItem {
    let alert = &stored.alert;
    let (resolved, origin) = (alert.resolved.as_ref(), alert.origin.as_ref());
    AlertItem {
        id: stored.id,
        version: stored.version,
        phase: alert.phase(now).as_str().into(),
        severity: alert.severity.as_str().into(),
        title: alert.title.clone(),
        summary: alert.summary.clone(),
        source: alert.source().as_str().into(),
        rule: alert.rule,
        rule_name: alert.rule_name.clone(),
        link: origin.and_then(|origin| origin.link.clone()),
        annotations: origin
            .map(|origin| origin.annotations.clone())
            .unwrap_or_default(),
        ends: origin.and_then(|origin| origin.ends),
        labels: alert.labels.clone(),
        runbook: alert.runbook.clone(),
        simulated: alert.simulated,
        fingerprint: format!("{:016x}", alert.fingerprint),
        since: alert.since,
        fired: alert.fired,
        changed: alert.changed,
        resolved: resolved.map(|resolved| resolved.at),
        resolved_by: resolved.and_then(|resolved| resolved.by.as_ref()).map(who),
        resolution: resolved.map(|resolved| resolved.why.clone()),
        owner: alert.owner.as_ref().map(who),
        ack: alert
            .ack
            .as_ref()
            .filter(|ack| ack.counts(now))
            .map(|ack| AckDoc {
                by: who(&ack.by),
                at: ack.at,
                note: ack.note.clone(),
                until: ack.until,
            }),
        snoozed_until: alert
            .snooze
            .as_ref()
            .map(|snooze| snooze.until)
            .filter(|until| now < *until),
        held: alert.holds.words(),
        cause: alert.holds.cause,
        silence: alert.holds.silence,
        incident: alert.incident,
    }
}

pub(super) fn event(stored: &StoredEvent) -> AlertEventItem {
    let event = &stored.event;
    AlertEventItem {
        n: stored.n,
        at: event.at,
        kind: event.kind.as_str().into(),
        by: event.by.as_ref().map(who),
        text: event.text.clone(),
        until: event.until,
    }
}

/// A silence, and how many of these open alerts it is about.
pub(super) fn silence<'a>(
    stored: &StoredSilence,
    open: impl IntoIterator<Item = &'a StoredAlert>,
    now: Millis,
) -> SilenceItem {
    let silence = &stored.silence;
    let hidden = open
        .into_iter()
        .filter(|open| silence.matches(&open.alert.labels));
    SilenceItem {
        id: stored.id,
        state: silence.state(now).as_str().into(),
        matchers: silence.matchers.iter().map(ToString::to_string).collect(),
        starts: silence.starts,
        ends: silence.ends,
        changes: silence.changes_after(now),
        repeat: silence.repeat.as_ref().map(|repeat| RepeatDoc {
            days: repeat.days().map(str::to_owned).collect(),
            from: repeat.from(),
            to: repeat.to(),
            zone: repeat.zone().to_owned(),
        }),
        by: who(&silence.by),
        comment: silence.comment.clone(),
        created: silence.created,
        hides: hidden.count(),
    }
}
