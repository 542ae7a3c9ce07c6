//! What is capped, and how near we are.

use serde::{Deserialize, Serialize};

/// One cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Stable name: `series`, `journal_bytes`, `rung_10s_bytes`, …
    pub name: String,
    /// On screen.
    pub title: String,
    /// What is used now.
    pub used: u64,
    /// What may be used; `None` when there is no cap.
    pub cap: Option<u64>,
    /// What the numbers are: `bytes` or `count`.
    pub unit: LimitUnit,
    /// What happens at the cap, one sentence.
    pub at_cap: String,
    /// The setting that moves it.
    pub setting: String,
    /// Calls that it has folded into `__other__` since the start; `None` where nothing folds.
    pub folded_calls: Option<u64>,
    /// It is a choice that is made once: no warning that it is near.
    pub chosen: bool,
    /// How far back what is kept reaches, epoch milliseconds, where that has a meaning.
    pub oldest: Option<i64>,
    /// How long it is kept by age, milliseconds; `None` for ever or where age does not matter.
    pub kept_ms: Option<i64>,
}

/// What the numbers of a limit are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Bytes.
    Bytes,
    /// Things.
    Count,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// When these were read, epoch milliseconds.
    pub as_of: i64,
    /// In the order of the page.
    pub items: Vec<Limit>,
    /// Calls that were folded into `__other__` since the start, because their series was above the cap.
    pub folded_calls: u64,
    /// Bytes that retention has freed since the start.
    pub freed_bytes: u64,
}
