//! Which channels are told of what.

use domain::Millis;
use domain::alert::{Alert, Labels, Notice, Severity};

use super::stored::Channel;

/// Whether a channel is told of a notice that came up at `at`.
pub(super) fn takes(channel: &Channel, alert: &Alert, notice: Notice, at: Millis) -> bool {
    let (made, _) = channel.stored.created;
    let wanted = match notice {
        Notice::Fired | Notice::Refired => at >= made,
        // Whoever was not told that it began is not told how it went on.
        Notice::Acknowledged => channel.body.acknowledged && alert.fired >= made,
        Notice::Resolved => channel.body.resolved && alert.fired >= made,
    };
    wanted && channel.is_on() && wants(channel, alert.severity, &alert.labels)
}

/// Whether a channel that a step told is told how it goes on.
pub(super) fn goes_on(channel: &Channel, notice: Notice) -> bool {
    let wanted = match notice {
        Notice::Fired | Notice::Refired => false,
        Notice::Acknowledged => channel.body.acknowledged,
        Notice::Resolved => channel.body.resolved,
    };
    wanted && channel.is_on()
}

/// Whether alerts of this urgency and with these labels are for a channel. One that is for whoever is on call is told by
/// the steps of a ladder alone.
pub(super) fn wants(channel: &Channel, severity: Severity, labels: &Labels) -> bool {
    !channel.body.on_call_only
        && severity >= channel.least
        && channel.only.iter().all(|matcher| matcher.matches(labels))
}

#[cfg(test)]
mod tests {
    use domain::alert::{Alert, Holds, New, Part};
    use store::StoredChannel;

    use super::*;
    use crate::notify::stored::Body;

    const MADE: Millis = 1_000;

    fn channel(change: impl FnOnce(&mut Body)) -> Channel {
        let mut body = Body {
            kind: "slack".into(),
            settings: Default::default(),
            least: "warning".into(),
            only: vec!["provider=\"openai\"".into()],
            acknowledged: true,
            resolved: false,
            digest_from: 0,
            on_call_only: false,
            destination: None,
            secrets: vec![],
        };
        change(&mut body);
        let stored = StoredChannel {
            id: 1,
            version: 1,
            name: "ops".into(),
            body: serde_json::to_string(&body).unwrap(),
            enabled: true,
            trouble: None,
            created: (MADE, "account:ada".into()),
            changed: (MADE, "account:ada".into()),
        };
        Channel::of(stored).unwrap()
    }

    fn alert(severity: Severity, provider: &str, fired: Millis) -> Alert {
        let new = New {
            rule: 1,
            rule_name: "Slow".into(),
            fingerprint: 7,
            severity,
            part: Part::Symptom,
            labels: Labels::from([("provider".to_owned(), provider.to_owned())]),
            title: "Slow".into(),
            summary: String::new(),
            runbook: None,
            simulated: false,
            since: fired,
            pending: false,
            holds: Holds::default(),
            incident: None,
        };
        Alert::raise(new, fired).alert
    }

    #[test]
    fn urgency_and_labels_decide() {
        let channel = channel(|_| {});
        let fired =
            |severity, provider: &str| takes(&channel, &alert(severity, provider, MADE), Notice::Fired, MADE);
        assert!(fired(Severity::Warning, "openai"));
        assert!(fired(Severity::Critical, "openai"));
        assert!(!fired(Severity::Info, "openai"));
        assert!(!fired(Severity::Critical, "anthropic"));
    }

    #[test]
    fn what_is_not_wanted_is_not_told() {
        let alert = alert(Severity::Critical, "openai", MADE);
        let told = |channel: &Channel, notice| takes(channel, &alert, notice, MADE);
        let usual = channel(|_| {});
        assert!(told(&usual, Notice::Acknowledged));
        assert!(!told(&usual, Notice::Resolved));
        assert!(told(&channel(|body| body.resolved = true), Notice::Resolved));
        assert!(!told(
            &channel(|body| body.acknowledged = false),
            Notice::Acknowledged
        ));
        let mut off = usual.clone();
        off.stored.enabled = false;
        assert!(!told(&off, Notice::Fired));
        let mut broken = usual;
        broken.stored.trouble = Some("410 Gone".into());
        assert!(!told(&broken, Notice::Fired));
    }

    #[test]
    fn a_new_channel_is_not_told_old_stories() {
        let channel = channel(|body| body.resolved = true);
        let old = alert(Severity::Critical, "openai", MADE - 1);
        assert!(!takes(&channel, &old, Notice::Fired, MADE - 1));
        assert!(!takes(&channel, &old, Notice::Resolved, MADE + 5));
        assert!(!takes(&channel, &old, Notice::Acknowledged, MADE + 5));
        assert!(
            takes(&channel, &old, Notice::Refired, MADE + 5),
            "it needs somebody again"
        );
    }
}
