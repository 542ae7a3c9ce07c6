//! When a breaker core trips and how it recovers. Names and defaults are those that users of resilience4j know.

use std::fmt;

use crate::{Micros, Millis, Outcome};

/// What a breaker core looks back on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// The last so many judged calls.
    Count(u32),
    /// The judged calls of the last so many milliseconds, in steps of a second (of a tenth when shorter than 10 s).
    Time {
        /// Its length, milliseconds.
        ms: Millis,
    },
}

/// The settings of a breaker core.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What it looks back on.
    pub window: WindowKind,
    /// Rates are not judged with fewer calls in the window. A count window that is smaller stands in for it.
    pub minimum_calls: u32,
    /// It trips at this share of failures, above 0, at most 1.
    pub failure_threshold: f64,
    /// It trips at this share of slow calls, above 0, at most 1; `None` never.
    pub slow_threshold: Option<f64>,
    /// A call is slow when it takes longer; `None` calls nothing slow.
    pub slow_after: Option<Micros>,
    /// It trips at so many failures in a row, whatever the window holds; `None` never.
    pub consecutive: Option<u32>,
    /// How long it stays open before it lets trial calls through.
    pub open_for: Millis,
    /// How many trial calls decide.
    pub half_open_trials: u32,
    /// `rate_limited` is a failure; otherwise it is left out.
    pub rate_limits_count: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            window: WindowKind::Count(100),
            minimum_calls: 100,
            failure_threshold: 0.5,
            slow_threshold: None,
            slow_after: None,
            consecutive: None,
            open_for: 60_000,
            half_open_trials: 10,
            rate_limits_count: false,
        }
    }
}

/// What is wrong with settings: the field, and what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingsError {
    /// The field's name.
    pub field: &'static str,
    /// What it must be.
    pub must: &'static str,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.field, self.must)
    }
}

impl std::error::Error for SettingsError {}

/// The longest window and the longest time open.
const DAY: Millis = 86_400_000;
/// The largest count window: one byte each.
const LARGEST_WINDOW: u32 = 1_000_000;

impl Settings {
    /// Checks every field; the error names the first that is wrong. [`super::step`] does not check again: wrong
    /// settings give a breaker that never trips or never closes, not a panic.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let window_fits = match self.window {
            WindowKind::Count(calls) => (1..=LARGEST_WINDOW).contains(&calls),
            WindowKind::Time { ms } => (10..=DAY).contains(&ms),
        };
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let rules = [
            (window_fits, "window", "1 to 1,000,000 calls, or 10 ms to 1 day"),
            (self.minimum_calls >= 1, "minimum_calls", "at least 1"),
            (
                share(self.failure_threshold),
                "failure_threshold",
                "above 0 and at most 1",
            ),
            (
                self.slow_threshold.is_none_or(share),
                "slow_threshold",
                "above 0 and at most 1",
            ),
            (
                self.slow_threshold.is_none() || self.slow_after.is_some(),
                "slow_after",
                "given with slow_threshold",
            ),
            (self.consecutive != Some(0), "consecutive", "at least 1"),
            ((1..=DAY).contains(&self.open_for), "open_for", "1 ms to 1 day"),
            (self.half_open_trials >= 1, "half_open_trials", "at least 1"),
        ];
        match rules.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, field, must)) => Err(SettingsError { field, must }),
            None => Ok(()),
        }
    }

    /// How many calls make the rates worth judging.
    pub fn effective_minimum(&self) -> u32 {
        match self.window {
            WindowKind::Count(calls) => self.minimum_calls.min(calls),
            WindowKind::Time { .. } => self.minimum_calls,
        }
    }

    /// `Some(true)` for a failure, `Some(false)` for a success, `None` for what no breaker judges: `auth`, `quota` and
    /// the neutral outcomes say nothing about the provider's health, and `rejected` never reached it.
    pub fn judge(&self, outcome: Outcome) -> Option<bool> {
        match outcome {
            Outcome::Ok => Some(false),
            _ => outcome
                .is_provider_failure(self.rate_limits_count)
                .then_some(true),
        }
    }

    /// The call took longer than it should.
    pub fn is_slow(&self, duration: Micros) -> bool {
        self.slow_after.is_some_and(|limit| duration > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, WindowKind};

    #[test]
    fn every_rule_names_its_field() {
        assert_eq!(Settings::default().validate(), Ok(()));
        let good = Settings {
            slow_after: Some(1),
            slow_threshold: Some(1.0),
            ..Settings::default()
        };
        assert_eq!(good.validate(), Ok(()));
        let bad = [
            (
                "window",
                Settings {
                    window: WindowKind::Count(0),
                    ..good.clone()
                },
            ),
            (
                "window",
                Settings {
                    window: WindowKind::Time { ms: 9 },
                    ..good.clone()
                },
            ),
            (
                "minimum_calls",
                Settings {
                    minimum_calls: 0,
                    ..good.clone()
                },
            ),
            (
                "failure_threshold",
                Settings {
                    failure_threshold: f64::NAN,
                    ..good.clone()
                },
            ),
            (
                "failure_threshold",
                Settings {
                    failure_threshold: 62.5,
                    ..good.clone()
                },
            ),
            (
                "slow_threshold",
                Settings {
                    slow_threshold: Some(0.0),
                    ..good.clone()
                },
            ),
            (
                "slow_after",
                Settings {
                    slow_after: None,
                    ..good.clone()
                },
            ),
            (
                "consecutive",
                Settings {
                    consecutive: Some(0),
                    ..good.clone()
                },
            ),
            (
                "open_for",
                Settings {
                    open_for: 0,
                    ..good.clone()
                },
            ),
            (
                "half_open_trials",
                Settings {
                    half_open_trials: 0,
                    ..good.clone()
                },
            ),
        ];
        for (field, settings) in bad {
            let error = settings.validate().unwrap_err();
            assert_eq!(error.field, field);
            assert!(error.to_string().starts_with(field));
        }
    }
}
