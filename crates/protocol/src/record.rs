//! The record, corrected, over HTTP: what is hidden, forgotten, erased, not counted or called otherwise, what would be, and by
//! whom.
//!
//! Deliberately absent: what is checked about it (the engine's answer names the field).

use serde::{Deserialize, Serialize};

/// A correction as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionDoc {
    /// `hide`, `forget`, `erase`, `uncount` or `rename`.
    pub kind: String,
    /// Whom to hide or forget, `b_…`.
    #[serde(default)]
    pub breaker: Option<String>,
    /// Only this instance of it.
    #[serde(default)]
    pub instance: Option<String>,
    /// Erase what is of this service.
    #[serde(default)]
    pub service: Option<String>,
    /// Erase what has this label.
    #[serde(default)]
    pub label: Option<LabelDoc>,
    /// Erase, or do not count, from then on, epoch milliseconds.
    #[serde(default)]
    pub from: Option<i64>,
    /// Erase, or do not count, until before then, epoch milliseconds.
    #[serde(default)]
    pub to: Option<i64>,
    /// Do not count what passes this filter by `provider`, `service` and `environment`; everything when it is left out.
    #[serde(default)]
    pub filter: Option<String>,
    /// What is called otherwise.
    #[serde(default)]
    pub rename: Option<RenameDoc>,
    /// Why. It is kept for ever, also of an erasure. A range that does not count must have one.
    #[serde(default)]
    pub note: String,
}

/// A label with one of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelDoc {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// One name that stands for another. Where the new one is there already, the two are one from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameDoc {
    /// `provider`, `model`, `service`, `environment` or `breaker`.
    pub dimension: String,
    /// What it was called.
    pub old: String,
    /// What it is called.
    pub new: String,
}

/// What a range that does not count, or a renaming, would concern now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachPreview {
    /// Events of calls in the range; for a renaming those that are kept under the old name.
    pub calls: u64,
    /// Series of now that have the old name, or that pass the filter.
    pub series: u64,
    /// Breakers of now that have the old name, or that pass the filter.
    pub breakers: u64,
    /// The new name is there already, so the two become one.
    pub merges: bool,
    /// What it does and what not, one sentence each.
    pub says: Vec<String>,
}

/// What an erasure took, or would take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Events of the journal.
    pub events: u64,
    /// Buckets of all rungs.
    pub buckets: u64,
    /// Transitions of breakers.
    pub transitions: u64,
    /// Alerts.
    pub alerts: u64,
    /// Messages about them.
    pub messages: u64,
}

/// What would be erased now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasurePreview {
    /// From then on; moved outward to a whole hour, or to a whole day where hours are not kept any more.
    pub from: Option<i64>,
    /// Until before then; likewise.
    pub to: Option<i64>,
    /// How much.
    pub erases: Erased,
    /// What holds it still, one sentence each.
    pub stays: Vec<String>,
}

/// A correction that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionItem {
    /// Its number.
    pub id: u64,
    /// Rises with each change.
    pub version: u64,
    /// `hide`, `forget`, `erase`, `uncount` or `rename`.
    pub kind: String,
    /// `in_force`, `undone`; of an erasure `running`, `cleaning`, `done`.
    pub state: String,
    /// What, in words. Of an erasure never what was erased.
    pub what: String,
    /// The breaker that is hidden.
    pub breaker: Option<String>,
    /// Its instance, when only that is.
    pub instance: Option<String>,
    /// The range that was erased, or does not count.
    pub from: Option<i64>,
    /// The range that was erased, or does not count.
    pub to: Option<i64>,
    /// What does not count in the range; `None` is everything.
    #[serde(default)]
    pub filter: Option<String>,
    /// What is called otherwise.
    #[serde(default)]
    pub rename: Option<RenameDoc>,
    /// Why.
    pub note: String,
    /// When it was made, and by whom.
    pub made: i64,
    /// By whom.
    pub made_by: String,
    /// When it was undone or done.
    pub ended: Option<i64>,
    /// By whom.
    pub ended_by: Option<String>,
    /// It can be undone.
    pub can_undo: bool,
    /// Until then, where there is an end to it.
    pub undo_until: Option<i64>,
    /// What an erasure took, once that is known.
    pub erased: Option<Erased>,
}
