//! Alerts over HTTP: rules as they are written, in the API and in files; alerts, their timeline, silences; what a rule
//! would have done.
//!
//! Deliberately absent: what is checked about a rule (the engine's answer names the field), and what of this the board
//! shows live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A rule as people write it. Lengths of time are milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDoc {
    /// Unique among the tenant's rules.
    pub name: String,
    /// For whoever is woken by it.
    #[serde(default)]
    pub about: String,
    /// What is bad.
    pub condition: ConditionDoc,
    /// It must be bad for so long without a break; 0 fires at once.
    #[serde(default)]
    pub for_ms: i64,
    /// With fewer calls in the window nothing is judged.
    #[serde(default)]
    pub min_samples: u64,
    /// `critical`, `warning` or `info`.
    pub severity: String,
    /// What its alerts carry besides the labels of their group.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What to do, http(s).
    #[serde(default)]
    pub runbook: Option<String>,
    /// The names of the channels that are told, and no others; empty leaves it to the channels.
    #[serde(default)]
    pub tell: Vec<String>,
    /// It is evaluated.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Its alerts are shown and nobody is told until then, epoch milliseconds.
    #[serde(default)]
    pub quiet_until: Option<i64>,
    /// The name of the escalation policy; without one it is the tenant's, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<String>,
}

/// What a rule watches for: `{"threshold":{…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConditionDoc {
    /// Breakers in one of these states.
    BreakerState {
        /// `open`, `half_open`, …
        states: Vec<String>,
        /// On how many live instances: `any`, `half` or `all`.
        quorum: String,
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
    },
    /// A figure beyond a limit.
    Threshold {
        /// A metric of calls.
        metric: String,
        /// Dimensions of the groups.
        #[serde(default)]
        group_by: Vec<String>,
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
        /// Over so long.
        window_ms: i64,
        /// `above` or `below`.
        side: String,
        /// Beyond this it is bad.
        limit: f64,
        /// At this and beyond it is good again.
        clear: f64,
    },
    /// Calls that stay away.
    Absence {
        /// Dimensions of the groups.
        #[serde(default)]
        group_by: Vec<String>,
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
        /// For so long.
        after_ms: i64,
    },
    /// A figure unlike before.
    Change {
        /// A metric of calls.
        metric: String,
        /// Dimensions of the groups.
        #[serde(default)]
        group_by: Vec<String>,
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
        /// Now: so long.
        window_ms: i64,
        /// Before: so long …
        baseline_ms: i64,
        /// … and it ended so long before the window did.
        lag_ms: i64,
        /// `above` or `below`.
        side: String,
        /// Of the relative change: 0.5 is half again as much.
        limit: f64,
        /// Where it is good again.
        clear: f64,
    },
    /// An error budget that is used up too fast.
    BurnRate {
        /// `answered`, `attempt_success` or `availability`.
        metric: String,
        /// Dimensions of the groups.
        #[serde(default)]
        group_by: Vec<String>,
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
        /// The share that is promised.
        objective: f64,
        /// Any pair fires.
        windows: Vec<BurnWindowDoc>,
    },
    /// A breaker that opens again and again.
    Flapping {
        /// In the filter grammar.
        #[serde(default)]
        filter: String,
        /// So often …
        times: u32,
        /// … within so long.
        within_ms: i64,
        /// Good again at so many.
        clear: u32,
    },
}

impl ConditionDoc {
    /// The names of kinds in the API and in files.
    pub const KINDS: [&'static str; 6] = [
        "threshold",
        "change",
        "burn_rate",
        "absence",
        "breaker_state",
        "flapping",
    ];

    /// Which of [`ConditionDoc::KINDS`] it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            ConditionDoc::Threshold { .. } => "threshold",
            ConditionDoc::Change { .. } => "change",
            ConditionDoc::BurnRate { .. } => "burn_rate",
            ConditionDoc::Absence { .. } => "absence",
            ConditionDoc::BreakerState { .. } => "breaker_state",
            ConditionDoc::Flapping { .. } => "flapping",
        }
    }
}

/// A pair of windows of a burn rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnWindowDoc {
    /// Says that it matters.
    pub long_ms: i64,
    /// Says that it goes on.
    pub short_ms: i64,
    /// So many times faster than it may be.
    pub factor: f64,
}

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleItem {
    /// Its number.
    pub id: u64,
    /// For `If-Match`.
    pub version: u64,
    /// The key of the default it was made from; empty for one of people.
    pub origin: String,
    /// The rule.
    pub rule: RuleDoc,
    /// When it was made.
    pub created: i64,
    /// When it last changed.
    pub changed: i64,
    /// By whom.
    pub changed_by: String,
    /// Its alerts that are open.
    pub open: usize,
    /// Why it cannot be evaluated at the moment.
    pub problem: Option<String>,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoDoc {
    /// `account:0193…`.
    pub id: String,
    /// What others see.
    pub name: String,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertItem {
    /// Its number.
    pub id: u64,
    /// For `If-Match`.
    pub version: u64,
    /// `pending`, `firing`, `acknowledged`, `snoozed`, `suppressed`, `resolved`.
    pub phase: String,
    /// `critical`, `warning` or `info`.
    pub severity: String,
    /// What it is.
    pub title: String,
    /// What was found last.
    pub summary: String,
    /// Who found it: `rule`, `prometheus`, `alertmanager` or `grafana`.
    pub source: String,
    /// The number of its rule; 0 when it comes from elsewhere.
    pub rule: u64,
    /// What the rule was called when it fired, or what its sender calls it.
    pub rule_name: String,
    /// Where its sender found it, http(s).
    pub link: Option<String>,
    /// As its sender sent them.
    pub annotations: BTreeMap<String, String>,
    /// It is over then, unless its sender sends it again.
    pub ends: Option<i64>,
    /// Of group and rule.
    pub labels: BTreeMap<String, String>,
    /// What to do.
    pub runbook: Option<String>,
    /// Of simulated traffic, or a drill.
    pub simulated: bool,
    /// 16 hexadecimal digits, the same for each alert of the rule and group.
    pub fingerprint: String,
    /// Since when it is bad.
    pub since: i64,
    /// When it fired.
    pub fired: i64,
    /// When it last changed.
    pub changed: i64,
    /// When it was resolved.
    pub resolved: Option<i64>,
    /// By whom; none when it cleared.
    pub resolved_by: Option<WhoDoc>,
    /// Why.
    pub resolution: Option<String>,
    /// Who looks after it.
    pub owner: Option<WhoDoc>,
    /// Who has it.
    pub ack: Option<AckDoc>,
    /// Put off until then.
    pub snoozed_until: Option<i64>,
    /// Why nobody is told, in words; empty when nothing holds it back.
    pub held: String,
    /// The alert that explains it.
    pub cause: Option<u64>,
    /// The silence that hides it.
    pub silence: Option<u64>,
    /// The alert that began its incident.
    pub incident: Option<u64>,
}

/// An acknowledgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AckDoc {
    /// Who.
    pub by: WhoDoc,
    /// Since when.
    pub at: i64,
    /// What they said.
    pub note: String,
    /// Until then.
    pub until: Option<i64>,
}

/// Alerts, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertList {
    /// A page of them.
    pub items: Vec<AlertItem>,
    /// Where the next begins.
    pub next: Option<String>,
}

/// Something that happened to an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertEventItem {
    /// Its number, from 1.
    pub n: u64,
    /// When.
    pub at: i64,
    /// `fired`, `acknowledged`, …
    pub kind: String,
    /// Who; none for the system.
    pub by: Option<WhoDoc>,
    /// In words, or what somebody wrote.
    pub text: String,
    /// Until then.
    pub until: Option<i64>,
}

/// One alert with all that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertDetail {
    /// The alert.
    pub alert: AlertItem,
    /// Oldest first.
    pub timeline: Vec<AlertEventItem>,
    /// The other alerts of its incident, newest first, at most 100.
    pub incident: Vec<AlertItem>,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SilenceItem {
    /// Its number.
    pub id: u64,
    /// `pending` (not begun, or between two windows), `active` or `expired`.
    pub state: String,
    /// As amtool writes them.
    pub matchers: Vec<String>,
    /// From then.
    pub starts: i64,
    /// Until then.
    pub ends: i64,
    /// Only in this window, which comes back.
    pub repeat: Option<RepeatDoc>,
    /// When it begins or stops to hide next.
    pub changes: Option<i64>,
    /// Who.
    pub by: WhoDoc,
    /// Why.
    pub comment: String,
    /// When it was made.
    pub created: i64,
    /// How many open alerts it hides, or would hide if it were active.
    pub hides: usize,
}

/// A window that comes back, as a clock on a wall shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatDoc {
    /// The days on which it begins: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`.
    pub days: Vec<String>,
    /// When it begins, `22:00`.
    pub from: String,
    /// When it ends, `06:00`; at or before `from` it is on the next day.
    pub to: String,
    /// Of the IANA's database, `Europe/Berlin`.
    pub zone: String,
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// From the first moment that could be judged.
    pub from: i64,
    /// Until then.
    pub to: i64,
    /// How often it would have fired, flapping left out.
    pub fired: usize,
    /// How often it would have been held back because it flapped.
    pub flapped: usize,
    /// The longest, milliseconds.
    pub longest_ms: i64,
    /// How many were over within five minutes.
    pub short: usize,
    /// How many came while a breaker of the same provider was open.
    pub with_breaker: usize,
    /// `none`, `quiet`, `busy` or `noisy`.
    pub noise: String,
    /// So long is a step of `worst`, milliseconds.
    pub step_ms: i64,
    /// The worst value of any group in each step from `from` on, as the rule saw it: in the metric's unit; of a change
    /// relative, of an error budget in multiples of what fires, of absence in milliseconds. Null where nothing could be
    /// judged; empty for rules about breakers.
    pub worst: Vec<Option<f64>>,
    /// The times, oldest first, at most 1,000.
    pub times: Vec<BacktestTime>,
}

/// One time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestTime {
    /// What it would have been called.
    pub title: String,
    /// What would have been found when it fired.
    pub summary: String,
    /// Of the group.
    pub labels: BTreeMap<String, String>,
    /// Since when it was bad.
    pub since: i64,
    /// When it fired.
    pub fired: i64,
    /// When it was over; none when it still is not.
    pub ended: Option<i64>,
    /// The worst value, in the metric's unit.
    pub peak: Option<f64>,
    /// It flapped: nobody would have been told.
    pub flapping: bool,
    /// A breaker of the same provider was open.
    pub with_breaker: bool,
}

fn yes() -> bool {
    true
}
