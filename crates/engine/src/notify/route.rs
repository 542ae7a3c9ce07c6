//! Which channels are told of what.

use domain::Millis;
use domain::alert::{Alert, Labels, Notice, Severity};

use super::stored::Channel;

/// A notice, and what is known of who should hear it.
pub(super) struct Told<'a> {
    pub alert: &'a Alert,
    pub notice: Notice,
    /// When it came up.
    pub at: Millis,
    /// The channels that its rule names.
    pub named: &'a [u64],
    /// The channels that were told of the alert before; empty when nobody knows.
    pub before: &'a [u64],
}

/// Whether a channel is told of a notice.
pub(super) fn takes(channel: &Channel, told: &Told<'_>) -> bool {
    let (id, (made, _)) = (channel.stored.id, &channel.stored.created);
    let alert = told.alert;
    let follows = |asked: bool| match told.before {
        // Whoever was not told that it began is not told how it went on.
        [] => asked && alert.fired >= *made && wants(channel, told.named, alert.severity, &alert.labels),
        before => asked && before.contains(&id),
    };
    let wanted = match told.notice {
        Notice::Fired | Notice::Refired => {
            told.at >= *made && wants(channel, told.named, alert.severity, &alert.labels)
        }
        Notice::Acknowledged => follows(channel.body.acknowledged),
        Notice::Resolved => follows(channel.body.resolved),
    };
    wanted && channel.is_on()
}

/// Whether alerts of this urgency and with these labels, of a rule that names these channels, are for a channel. One that
/// is for whoever is on call is told by the steps of a ladder, or by a rule that names it.
pub(super) fn wants(channel: &Channel, named: &[u64], severity: Severity, labels: &Labels) -> bool {
    match named {
        [] => {
            !channel.body.on_call_only
                && severity >= channel.least
                && channel.only.iter().all(|matcher| matcher.matches(labels))
        }
        named => named.contains(&channel.stored.id),
    }
}

#[cfg(test)]
mod tests {
    use domain::alert::{Alert, Holds, New, Part};
    use store::StoredChannel;

    use super::*;
    use crate::notify::stored::Body;

    fn takes(channel: &Channel, alert: &Alert, notice: Notice, at: Millis) -> bool {
        let told = Told {
            alert,
            notice,
            at,
            named: &[],
            before: &[],
        };
        super::takes(channel, &told)
    }

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
            title: String::new(),
            text: String::new(),
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
            origin: None,
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

    #[test]
    fn a_named_channel_is_told_whatever_it_asks_for_and_no_other_is() {
        let channel = channel(|body| body.least = "critical".into());
        let alert = alert(Severity::Info, "anthropic", MADE);
        let told = |notice, named: &[u64], before: &[u64]| {
            let told = Told {
                alert: &alert,
                notice,
                at: MADE,
                named,
                before,
            };
            super::takes(&channel, &told)
        };
        assert!(!told(Notice::Fired, &[], &[]));
        assert!(told(Notice::Fired, &[1, 2], &[]));
        assert!(!told(Notice::Fired, &[2], &[]));
        // Whoever heard of it hears how it goes on, also when the rule names others by then.
        assert!(told(Notice::Acknowledged, &[2], &[1]));
        assert!(!told(Notice::Acknowledged, &[1], &[2]));
        assert!(
            !told(Notice::Resolved, &[1], &[1]),
            "it does not want to know when it is over"
        );
    }
}
