//! Silences: for a while nobody is told of some alerts. They are still there, and said to be suppressed.

use super::error::{RuleError, must, text};
use super::{DAY, Labels, Matcher, Repeat, Who};
use crate::Millis;

/// The most matchers of a silence.
const MAX_MATCHERS: usize = 16;
/// The longest silence: what should never be told of is a rule to change.
const LONGEST: Millis = 366 * DAY;

/// Where a silence is in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SilenceState {
    /// It has not begun, or comes back later.
    Pending,
    /// It hides.
    Active,
    /// It is over.
    Expired,
}

impl SilenceState {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            SilenceState::Pending => "pending",
            SilenceState::Active => "active",
            SilenceState::Expired => "expired",
        }
    }
}

/// What is hidden, how long, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// All of them must match.
    pub matchers: Vec<Matcher>,
    /// From then.
    pub starts: Millis,
    /// Until then; moved forward when somebody ends it.
    pub ends: Millis,
    /// Who.
    pub by: Who,
    /// Only in this window, which comes back; `None` all the time.
    pub repeat: Option<Repeat>,
    /// Why; a silence without a reason is a riddle for whoever looks next.
    pub comment: String,
    /// When it was made.
    pub created: Millis,
}

impl Silence {
    /// Where it is in its time.
    pub fn state(&self, now: Millis) -> SilenceState {
        if now >= self.ends {
            SilenceState::Expired
        } else if now < self.starts || self.repeat.as_ref().is_some_and(|repeat| !repeat.covers(now)) {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
    }

    /// Whether it is about alerts with these labels, whatever the time.
    pub fn matches(&self, labels: &Labels) -> bool {
        !self.matchers.is_empty() && self.matchers.iter().all(|matcher| matcher.matches(labels))
    }

    /// Whether it hides alerts with these labels now.
    pub fn hides(&self, labels: &Labels, now: Millis) -> bool {
        self.matches(labels) && self.state(now) == SilenceState::Active
    }

    /// When it begins or stops to hide next; `None` when it does neither any more.
    pub fn changes_after(&self, now: Millis) -> Option<Millis> {
        if now >= self.ends {
            return None;
        }
        let from = now.max(self.starts - 1);
        let next = match &self.repeat {
            None if now < self.starts => self.starts,
            None => self.ends,
            Some(repeat) if now < self.starts && repeat.covers(self.starts) => self.starts,
            Some(repeat) => repeat.changes_after(from).unwrap_or(self.ends),
        };
        // Between windows, the end of the silence changes nothing.
        let ends = next >= self.ends;
        (!ends || self.state(now) == SilenceState::Active).then(|| next.min(self.ends))
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is wrong, and its limit.
    pub fn check(&self, now: Millis) -> Result<(), RuleError> {
        let count = self.matchers.len();
        must((1..=MAX_MATCHERS).contains(&count), "matchers", || {
            format!("must be 1 to {MAX_MATCHERS}, got {count}")
        })?;
        must(
            self.matchers.iter().any(|matcher| !matcher.allows_nothing()),
            "matchers",
            || "one at least must demand a value; these would hide every alert".into(),
        )?;
        must(self.ends > self.starts, "ends", || "must be after starts".into())?;
        must(self.ends > now, "ends", || "must not have passed".into())?;
        must(self.ends.saturating_sub(self.starts) <= LONGEST, "ends", || {
            "must be at most 366 days after starts".into()
        })?;
        text(&self.comment, "comment", 1, 1_024)?;
        must(!self.comment.trim().is_empty(), "comment", || {
            "must say why".into()
        })
    }
}
