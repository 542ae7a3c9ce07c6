//! Who is on call over HTTP: responders, schedules, escalation policies, as they are written and as they are told.
//!
//! All three are documents with a number and a version. They name each other by number, so that a new name breaks
//! nothing; a rule names its policy, so that a file of rules can be read. Times are epoch milliseconds, lengths of time
//! milliseconds, times of the day are those of the schedule's zone.

use serde::{Deserialize, Serialize};

/// Somebody who can be on call, and the channels through which they are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResponderDoc {
    /// Unique among the tenant's responders.
    pub name: String,
    /// The account of the member it is, if it is one.
    #[serde(default)]
    pub account: Option<String>,
    /// Channels, by number; all of them are told.
    #[serde(default)]
    pub channels: Vec<u64>,
}

/// A schedule: who is on call when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDoc {
    /// Unique among the tenant's schedules.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// A time zone of the IANA's database.
    pub zone: String,
    /// Rotations; where two are on duty the later wins.
    pub layers: Vec<LayerDoc>,
    /// Who took a shift over. They win over layers; of two the later.
    #[serde(default)]
    pub overrides: Vec<OverrideDoc>,
}

/// One rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerDoc {
    /// As people call it; may be empty.
    #[serde(default)]
    pub name: String,
    /// Responders by number, in the order of their turns.
    pub people: Vec<u64>,
    /// The first hand-over, `2026-11-23T09:00`; nobody is on duty before.
    pub starts: String,
    /// A turn lasts so many …
    pub every: u16,
    /// … `hours`, `days` or `weeks`.
    pub unit: String,
    /// Only then; empty for always.
    #[serde(default)]
    pub hours: Vec<HoursDoc>,
}

/// Hours of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursDoc {
    /// `mon`, `tue`, … on which they begin.
    pub days: Vec<String>,
    /// `08:00`
    pub from: String,
    /// `20:00`; at or before the beginning it is on the next day.
    pub to: String,
}

/// Somebody took a shift over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideDoc {
    /// The responder.
    pub responder: u64,
    /// From then.
    pub from: i64,
    /// Until then.
    pub to: i64,
    /// Who said so.
    #[serde(default)]
    pub by: String,
}

/// An escalation policy: who is told while nobody takes an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationDoc {
    /// Unique among the tenant's policies; rules name it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// From the first to the last.
    pub steps: Vec<StepDoc>,
    /// So often it begins anew after the last step.
    #[serde(default)]
    pub repeat: u32,
    /// The pause before it begins anew.
    #[serde(default)]
    pub again_after_ms: i64,
    /// It is for alerts whose rule names none. One policy of a tenant at most.
    #[serde(default)]
    pub default: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDoc {
    /// How long after the step before it, or after the alert fired.
    #[serde(default)]
    pub after_ms: i64,
    /// Who is told.
    pub tell: TellDoc,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TellDoc {
    /// Channels, by number.
    #[serde(default)]
    pub channels: Vec<u64>,
    /// Whoever is on call of these schedules then.
    #[serde(default)]
    pub schedules: Vec<u64>,
    /// Responders.
    #[serde(default)]
    pub responders: Vec<u64>,
}

/// A span of time with one person on call, or nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftItem {
    /// From then.
    pub from: i64,
    /// Until then.
    pub to: i64,
    /// The responder; none for nobody.
    pub responder: Option<u64>,
    /// Their name.
    pub name: Option<String>,
    /// The place of the layer whose turn it is.
    pub layer: Option<usize>,
    /// They took it over: the place of the override.
    pub taken: Option<usize>,
}

/// Who is on call of one schedule, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCallItem {
    /// The schedule.
    pub schedule: u64,
    /// Its name.
    pub schedule_name: String,
    /// The responder; none for nobody.
    pub responder: Option<u64>,
    /// Their name.
    pub name: Option<String>,
    /// Their account, if they are a member.
    pub account: Option<String>,
    /// Until when; none for more than five weeks.
    pub until: Option<i64>,
}

/// Where an alert stands on its ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// The policy.
    pub policy: u64,
    /// Its name.
    pub policy_name: String,
    /// The step that comes next, from 1 over all repetitions; none after the last.
    pub step: Option<u32>,
    /// How many there are.
    pub steps: u32,
    /// When it comes, unless somebody takes the alert.
    pub due: Option<i64>,
    /// Whom it tells, in words, as schedules are now.
    pub tells: String,
}
