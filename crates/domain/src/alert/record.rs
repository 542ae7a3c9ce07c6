//! An alert as it is kept: facts with their times. Where it stands follows from them ([`Alert::phase`]).

use super::{Labels, Origin, Part, Severity, Source};
use crate::Millis;

/// Somebody, as they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Who {
    /// `account:0193…`, `key:k3j…`, `cli:root`; tells people of the same name apart.
    pub id: String,
    /// What others see.
    pub name: String,
}

/// Somebody has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Who.
    pub by: Who,
    /// Since when.
    pub at: Millis,
    /// What they said; may be empty.
    pub note: String,
    /// Until then; it fires again when it is not resolved by then.
    pub until: Option<Millis>,
}

/// Nobody wants to hear of it for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snooze {
    /// Who said so.
    pub by: Who,
    /// Since when.
    pub at: Millis,
    /// Until then.
    pub until: Millis,
}

/// Why nobody is told. Several may hold at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holds {
    /// The silence of this number hides it.
    pub silence: Option<u64>,
    /// The alert of this number explains it.
    pub cause: Option<u64>,
    /// It comes and goes, in words.
    pub flapping: Option<String>,
    /// Its rule is quiet until then.
    pub quiet: Option<Millis>,
}

impl Holds {
    /// One holds at least.
    pub fn any(&self) -> bool {
        self.silence.is_some() || self.cause.is_some() || self.flapping.is_some() || self.quiet.is_some()
    }

    /// In words; empty when none holds.
    pub fn words(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.cause.map(|cause| format!("explained by alert {cause}")));
        words.extend(self.silence.map(|silence| format!("hidden by silence {silence}")));
        words.extend(self.flapping.clone());
        words.extend(self.quiet.map(|_| "its rule is quiet for now".to_owned()));
        words.join("; ")
    }
}

/// The end of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// When.
    pub at: Millis,
    /// By whom; `None` when it cleared.
    pub by: Option<Who>,
    /// Why, in words.
    pub why: String,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Bad, but not for long enough yet. Never stored: the evaluator knows it.
    Pending,
    /// It needs somebody.
    Firing,
    /// Somebody has it.
    Acknowledged,
    /// Put off by somebody.
    Snoozed,
    /// Bad, and nobody is told.
    Suppressed,
    /// Over.
    Resolved,
}

impl Phase {
    /// All of them.
    pub const ALL: [Phase; 6] = [
        Phase::Pending,
        Phase::Firing,
        Phase::Acknowledged,
        Phase::Snoozed,
        Phase::Suppressed,
        Phase::Resolved,
    ];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Pending => "pending",
            Phase::Firing => "firing",
            Phase::Acknowledged => "acknowledged",
            Phase::Snoozed => "snoozed",
            Phase::Suppressed => "suppressed",
            Phase::Resolved => "resolved",
        }
    }

    /// The phase of this name.
    pub fn parse(name: &str) -> Option<Phase> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

/// One alert, from its firing to for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The number of its rule; 0 when it comes from elsewhere.
    pub rule: u64,
    /// What the rule was called when it fired, or what its sender calls it.
    pub rule_name: String,
    /// What is kept of what was sent; `None` when a rule of ours found it.
    pub origin: Option<Origin>,
    /// Of rule and group: one alert of it is open at a time.
    pub fingerprint: u64,
    /// How urgent.
    pub severity: Severity,
    /// What part it plays in an incident.
    pub part: Part,
    /// Of the group and of the rule, with the rule's name and the severity.
    pub labels: Labels,
    /// `Breaker open: claude-sonnet`.
    pub title: String,
    /// `2 of 3 instances are open`; the newest reading in words.
    pub summary: String,
    /// What to do, http(s).
    pub runbook: Option<String>,
    /// The traffic it is about was simulated, or it is a drill.
    pub simulated: bool,
    /// Since when it is bad.
    pub since: Millis,
    /// When it fired.
    pub fired: Millis,
    /// When it last changed.
    pub changed: Millis,
    /// Who looks after it.
    pub owner: Option<Who>,
    /// Somebody has it.
    pub ack: Option<Ack>,
    /// Somebody put it off.
    pub snooze: Option<Snooze>,
    /// Why nobody is told.
    pub holds: Holds,
    /// The incident it belongs to: the number of the alert that began it.
    pub incident: Option<u64>,
    /// People were told that it fired.
    pub told: bool,
    /// Its end.
    pub resolved: Option<Resolved>,
}

/// What an alert is raised with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The number of its rule; 0 when it comes from elsewhere.
    pub rule: u64,
    /// The rule's name.
    pub rule_name: String,
    /// What is kept of what was sent.
    pub origin: Option<Origin>,
    /// Of rule and group.
    pub fingerprint: u64,
    /// How urgent.
    pub severity: Severity,
    /// What part it plays.
    pub part: Part,
    /// Of group and rule.
    pub labels: Labels,
    /// What it is.
    pub title: String,
    /// What was found.
    pub summary: String,
    /// What to do.
    pub runbook: Option<String>,
    /// Of simulated traffic.
    pub simulated: bool,
    /// Since when it is bad.
    pub since: Millis,
    /// It was pending until now: its rule waits before it fires.
    pub pending: bool,
    /// Why nobody is told, from the start.
    pub holds: Holds,
    /// The incident it belongs to.
    pub incident: Option<u64>,
}

/// What happened to an alert. Kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Millis,
    /// Who; `None` for the system.
    pub by: Option<Who>,
    /// What.
    pub kind: EventKind,
    /// In words, or what somebody wrote; may be empty.
    pub text: String,
    /// Until then, where it has an end.
    pub until: Option<Millis>,
}

/// Kinds of events. The names are part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Its condition was met for the first time.
    Pending,
    /// It fired.
    Fired,
    /// Somebody has it.
    Acknowledged,
    /// Nobody has it any more.
    Unacknowledged,
    /// An acknowledgement or a snooze ran out: it needs somebody again.
    Refired,
    /// Somebody put it off.
    Snoozed,
    /// Somebody wants to hear of it again.
    Unsnoozed,
    /// From now on nobody is told, or for other reasons than before.
    Suppressed,
    /// Nothing holds it back any more.
    Released,
    /// Nobody took it in time, and others are told.
    Escalated,
    /// Somebody looks after it now, or nobody.
    Assigned,
    /// Somebody wrote something.
    Commented,
    /// It belongs to an incident now.
    Joined,
    /// It is over.
    Resolved,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 14] = [
        EventKind::Pending,
        EventKind::Fired,
        EventKind::Acknowledged,
        EventKind::Unacknowledged,
        EventKind::Refired,
        EventKind::Snoozed,
        EventKind::Unsnoozed,
        EventKind::Suppressed,
        EventKind::Released,
        EventKind::Escalated,
        EventKind::Assigned,
        EventKind::Commented,
        EventKind::Joined,
        EventKind::Resolved,
    ];

    /// Its name, as stored and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::Pending => "pending",
            EventKind::Fired => "fired",
            EventKind::Acknowledged => "acknowledged",
            EventKind::Unacknowledged => "unacknowledged",
            EventKind::Refired => "refired",
            EventKind::Snoozed => "snoozed",
            EventKind::Unsnoozed => "unsnoozed",
            EventKind::Suppressed => "suppressed",
            EventKind::Released => "released",
            EventKind::Escalated => "escalated",
            EventKind::Assigned => "assigned",
            EventKind::Commented => "commented",
            EventKind::Joined => "joined",
            EventKind::Resolved => "resolved",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<EventKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What those who are told of alerts must hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notice {
    /// It needs somebody, for the first time.
    Fired,
    /// It needs somebody again.
    Refired,
    /// Somebody has it.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl Notice {
    /// All of them.
    pub const ALL: [Notice; 4] = [
        Notice::Fired,
        Notice::Refired,
        Notice::Acknowledged,
        Notice::Resolved,
    ];

    /// Its name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Notice::Fired => "fired",
            Notice::Refired => "refired",
            Notice::Acknowledged => "acknowledged",
            Notice::Resolved => "resolved",
        }
    }

    /// The notice of this name.
    pub fn parse(name: &str) -> Option<Notice> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }
}

impl Alert {
    /// Where it stands. Somebody who has it comes before all that keeps it quiet: the name is what others look for.
    pub fn phase(&self, now: Millis) -> Phase {
        if self.resolved.is_some() {
            Phase::Resolved
        } else if self.ack.as_ref().is_some_and(|ack| ack.counts(now)) {
            Phase::Acknowledged
        } else if self.snooze.as_ref().is_some_and(|snooze| now < snooze.until) {
            Phase::Snoozed
        } else if self.holds.any() {
            Phase::Suppressed
        } else {
            Phase::Firing
        }
    }

    /// It was told, needs somebody, and nobody has it: who waits is told of it step by step.
    pub fn calls(&self, now: Millis) -> bool {
        self.told && self.phase(now) == Phase::Firing
    }

    /// It is not over.
    pub fn is_open(&self) -> bool {
        self.resolved.is_none()
    }

    /// Who found it.
    pub fn source(&self) -> Source {
        self.origin.as_ref().map_or(Source::Rule, |origin| origin.source)
    }

    /// A label's value; empty when it has none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// When time alone changes it next.
    pub fn due(&self) -> Option<Millis> {
        if !self.is_open() {
            return None;
        }
        let ack = self.ack.as_ref().and_then(|ack| ack.until);
        let snooze = self.snooze.as_ref().map(|snooze| snooze.until);
        [ack, snooze, self.holds.quiet].into_iter().flatten().min()
    }
}

impl Ack {
    /// It has not run out.
    pub fn counts(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
