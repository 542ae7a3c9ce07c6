//! Alerts: what a rule watches for, when it fires, what people do about it, and which alerts belong together.
//!
//! ```text
//! readings → Rule::judge → Watch::step → Crossing → Alert::raise, step → events, notice
//! ```
//!
//! A [`Rule`] says what is bad. A [`Watch`] follows one group of one rule through its readings and tells when it becomes
//! pending, fires, clears or flaps. An [`Alert`] is what people see: [`step`] is the one function that changes it, for
//! people and for the system. [`incident`] decides what is a symptom of what, [`Silence`]s hide. What others have found
//! comes as [`Sent`], without rule and watch.
//!
//! Deliberately absent: where readings come from (the engine's queries), which metrics there are, how a figure is
//! written, who may do what, and how anybody is told.

mod condition;
mod defaults;
mod elsewhere;
pub(crate) mod error;
pub mod incident;
mod lifecycle;
mod matcher;
mod record;
mod repeat;
mod rule;
mod silence;
mod watch;

use std::collections::BTreeMap;

pub use condition::{
    Absence, BURN_CLEARS, Bound, BreakerState, BurnRate, BurnWindow, Change, Condition, Flapping, Query,
    Quorum, Side, Threshold,
};
pub use defaults::{DefaultRule, defaults};
pub use elsewhere::{MAX_ELSEWHERE, MAX_RAISED, NAME_LABEL, Origin, SENT_LASTS, Sent, Source};
pub use error::RuleError;
pub use lifecycle::{Command, Moved, Refused, step};
pub use matcher::{Matcher, MatcherError, Op, matchers};
pub use record::{Ack, Alert, Event, EventKind, Holds, New, Notice, Phase, Resolved, Snooze, Who};
pub use repeat::{DAYS, Repeat};
pub use rule::{Judgement, Part, Reading, Rule, Severity};
pub use silence::{Silence, SilenceState};
pub use watch::{Cleared, Crossing, FLAP_QUIET, FLAP_STEADY, FLAP_TIMES, FLAP_WITHIN, STALE, Watch};

/// Names and values that an alert is known by.
pub type Labels = BTreeMap<String, String>;

/// The label that holds the rule's name.
pub const RULE_LABEL: &str = "rule";
/// The label that holds the severity.
pub const SEVERITY_LABEL: &str = "severity";

/// The most rules of a tenant.
pub const MAX_RULES: usize = 1_000;
/// The most alerts of a tenant that are not resolved.
pub const MAX_OPEN: usize = 10_000;
/// The most silences of a tenant that have not ended.
pub const MAX_SILENCES: usize = 1_000;

/// Second, minute, hour, day, in milliseconds.
pub(crate) const SECOND: crate::Millis = 1_000;
pub(crate) const MINUTE: crate::Millis = 60 * SECOND;
pub(crate) const HOUR: crate::Millis = 60 * MINUTE;
pub(crate) const DAY: crate::Millis = 24 * HOUR;

/// What a group of a rule is known by for ever: 64 bits of SHA-256 over the rule's number and the labels of the group.
pub fn fingerprint(rule: u64, group: &Labels) -> u64 {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    hash.update(rule.to_be_bytes());
    for (name, value) in group {
        for part in [name, value] {
            hash.update((part.len() as u32).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let digest = hash.finalize();
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
