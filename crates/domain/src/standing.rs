//! How providers stand: what our own calls say about one, and which of them comes first on a page that shows the worst
//! first.
//!
//! What calls say is about now, the last [`RECENT`] of a range, whatever length the range has; its figures are beside it.
//! In this order, the first that holds:
//!
//! 1. Nothing reached the provider. Breakers refused calls: "all refused", act. Nobody called: "no calls", unknown.
//! 2. At least 3 calls, and 2% (20%: act) of those that say something about the provider or our account, ended auth or
//!    quota: "auth or quota". They do not count as attempts that are judged, and nobody is answered all the same.
//! 3. At least 3 judged attempts failed, and success is under 98% (80%: act): "91% ok". Of fewer than 20: "3 of 8 ok",
//!    attention and never more.
//! 4. Breakers refused more calls than were judged: "mostly refused", attention.
//! 5. Fewer than 20 judged attempts: "few calls", unknown. A small sample is no proof of health.
//! 6. The median time to first token, or without streams the median duration, is half again what it was over the
//!    [`USUAL`] before, and at least 100 ms more: "slow", attention. Medians, so that one slow model among many, or a
//!    slow hour of the day before, does not decide.
//! 7. "ok".
//!
//! Deliberately absent: breakers' states (a column of their own), rankings between models, what a vendor says.

use std::cmp::Ordering;

use crate::Millis;
use crate::verdict::Level;

/// What "now" is: the last five minutes of a range.
pub const RECENT: Millis = 5 * 60_000;
/// What "usual" is: the day before now.
pub const USUAL: Millis = 24 * 3_600_000;

/// Fewer judged attempts than this are a small sample.
pub const ENOUGH: u64 = 20;
/// Fewer failures than this are no pattern.
const PATTERN: u64 = 3;
/// Success under this is worth a look.
const LOOK: f64 = 0.98;
/// Success under this calls for action.
const ACT: f64 = 0.80;
/// So much slower than usual is slow: as a multiple, and in milliseconds.
const SLOW_TIMES: f64 = 1.5;
const SLOW_BY_MS: f64 = 100.0;

/// Attempts that say something about a provider, and how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// Attempts that are not neutral, auth or quota.
    pub judged: u64,
    /// Attempt success, a fraction of them.
    pub success: Option<f64>,
}

/// A typical time, now and usually, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Over [`RECENT`].
    pub now: Option<f64>,
    /// Over [`USUAL`].
    pub usual: Option<f64>,
}

/// What calls did over [`RECENT`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Recent {
    /// How attempts ended.
    pub sample: Sample,
    /// Attempts that ended auth or quota.
    pub denied: u64,
    /// Calls that a breaker refused.
    pub refused: u64,
    /// Median time to first token.
    pub first_token: Pace,
    /// Median duration of answers.
    pub duration: Pace,
}

/// What calls say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its shape and colour.
    pub level: Level,
    /// A word or three.
    pub words: String,
}

impl Sample {
    /// Rounded, because the fraction is of weighted counts.
    fn failed(self) -> u64 {
        let failed = self
            .success
            .map_or(0.0, |success| (1.0 - success) * self.judged as f64);
        failed.round().max(0.0) as u64
    }

    /// How well a stretch of time went: a cell of a strip, or a whole range. `None` without attempts. One or two
    /// failures in a small sample are unknown; where nothing failed it went well, however little it was.
    pub fn level(self) -> Option<Level> {
        let success = self.success.filter(|_| self.judged > 0)?;
        let few = self.judged < ENOUGH;
        Some(match self.failed() {
            0 => Level::Ok,
            1..PATTERN if few => Level::Unknown,
            1..PATTERN => Level::Ok,
            _ if success >= LOOK => Level::Ok,
            _ if success >= ACT || few => Level::Attention,
            _ => Level::Act,
        })
    }
}

impl Pace {
    fn slow(self) -> Option<bool> {
        let (now, usual) = (self.now?, self.usual?);
        Some(now >= usual * SLOW_TIMES && now >= usual + SLOW_BY_MS)
    }
}

/// What calls say about a provider; see the rules above.
pub fn calls_say(recent: &Recent) -> Said {
    let Recent {
        sample,
        denied,
        refused,
        ..
    } = *recent;
    let judged = sample.judged;
    if judged + denied == 0 {
        return match refused {
            0 => say(Level::Unknown, "no calls"),
            _ => say(Level::Act, "all refused"),
        };
    }
    let denied_share = denied as f64 / (judged + denied) as f64;
    if denied >= PATTERN && denied_share >= 1.0 - LOOK {
        let level = if denied_share >= 1.0 - ACT {
            Level::Act
        } else {
            Level::Attention
        };
        return say(level, "auth or quota");
    }
    let level = sample.level().unwrap_or(Level::Unknown);
    if matches!(level, Level::Attention | Level::Act) {
        let words = match judged {
            0..ENOUGH => format!("{} of {judged}", judged.saturating_sub(sample.failed())),
            _ => percent(sample.success.unwrap_or_default()),
        };
        return say(level, words + " ok");
    }
    if refused > judged {
        return say(Level::Attention, "mostly refused");
    }
    if judged < ENOUGH {
        return say(Level::Unknown, "few calls");
    }
    let slow = recent.first_token.slow().or_else(|| recent.duration.slow());
    match slow {
        Some(true) => say(Level::Attention, "slow"),
        _ => say(Level::Ok, "ok"),
    }
}

/// What decides a provider's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing<'a> {
    /// What its calls say.
    pub level: Level,
    /// Attempt success over the range; `None` without data.
    pub success: Option<f64>,
    /// Its name.
    pub name: &'a str,
}

/// The worst first: act, attention, then everything else; within each by success from the lowest, those without data
/// last, then by name.
pub fn worst_first(one: &Standing<'_>, other: &Standing<'_>) -> Ordering {
    let group = |level| match level {
        Level::Act => 0,
        Level::Attention => 1,
        Level::Ok | Level::Unknown => 2,
    };
    let success = |standing: &Standing<'_>| standing.success.unwrap_or(f64::INFINITY);
    group(one.level)
        .cmp(&group(other.level))
        .then_with(|| success(one).total_cmp(&success(other)))
        .then_with(|| one.name.cmp(other.name))
}

/// Whole percent, rounded down: 97.9% is not 98%.
fn percent(fraction: f64) -> String {
    // The nudge undoes the binary form of a fraction that is exact in decimal.
    format!("{:.0}%", (fraction * 100.0 + 1e-9).floor().max(0.0))
}

fn say(level: Level, words: impl Into<String>) -> Said {
    Said {
        level,
        words: words.into(),
    }
}
