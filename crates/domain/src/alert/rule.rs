//! A rule: what is bad, for how long, how bad, and what a single reading means.

use super::error::{RuleError, must, text};
use super::{BURN_CLEARS, Condition, DAY, Labels};
use crate::Millis;

/// The longest name, in characters.
const MAX_NAME: usize = 80;
/// The most labels of a rule.
const MAX_LABELS: usize = 16;

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look soon.
    Warning,
    /// Act now.
    Critical,
}

impl Severity {
    /// From the least urgent to the most.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn parse(name: &str) -> Option<Severity> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// What part an alert of a rule plays in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Explains others: a breaker is open.
    Cause,
    /// What an open breaker lets one expect: failures, slow answers.
    Symptom,
    /// Neither: silence, spend.
    Alone,
}

/// A rule as people write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique among the tenant's rules.
    pub name: String,
    /// For whoever is woken by it; may be empty.
    pub about: String,
    /// What is bad.
    pub condition: Condition,
    /// It must be bad for so long without a break; 0 fires at once.
    pub hold: Millis,
    /// With fewer calls in the window nothing is judged.
    pub min_samples: u64,
    /// How urgent.
    pub severity: Severity,
    /// What its alerts carry besides the labels of their group.
    pub labels: Labels,
    /// What to do, http(s).
    pub runbook: Option<String>,
    /// It is evaluated.
    pub enabled: bool,
    /// Its alerts are shown and nobody is told until then.
    pub quiet_until: Option<Millis>,
}

/// What was found about one group at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The moment: the end of the last bucket that counts, or when a breaker changed.
    pub at: Millis,
    /// In the unit of the condition; `None` when nothing says anything. For breakers, how many instances.
    pub value: Option<f64>,
    /// How many calls the value is made of; for breakers, live instances.
    pub samples: u64,
    /// Since when it is as it is, where the source knows better than the readings before: breakers do.
    pub since: Option<Millis>,
}

/// What a reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Beyond the limit.
    Bad,
    /// Well on the good side.
    Good,
    /// Between the limit and where it clears: nothing changes.
    Between,
    /// Too little to say anything.
    Unknown,
}

impl Rule {
    /// What a reading means.
    pub fn judge(&self, reading: &Reading) -> Judgement {
        let Some(value) = reading.value.filter(|value| !value.is_nan()) else {
            return Judgement::Unknown;
        };
        let few = reading.samples < self.min_samples;
        let three = |bad: bool, good: bool| match (bad, good) {
            (true, _) => Judgement::Bad,
            (false, true) => Judgement::Good,
            (false, false) => Judgement::Between,
        };
        match &self.condition {
            Condition::BreakerState(_) if reading.samples == 0 => Judgement::Unknown,
            Condition::BreakerState(breaker) => {
                let bad = breaker.holds(value as u64, reading.samples);
                three(bad, true)
            }
            Condition::Flapping(flapping) => three(
                value >= f64::from(flapping.times),
                value <= f64::from(flapping.clear),
            ),
            // A group that never sent enough is not missed; one that sends again is there, however little it sends.
            Condition::Absence(absence) => {
                let gone = value >= absence.after as f64;
                match (gone, few) {
                    (true, true) => Judgement::Unknown,
                    (gone, _) => three(gone, true),
                }
            }
            _ if few => Judgement::Unknown,
            Condition::Threshold(threshold) => {
                three(threshold.bound.is_bad(value), threshold.bound.is_good(value))
            }
            Condition::Change(change) => three(change.bound.is_bad(value), change.bound.is_good(value)),
            Condition::BurnRate(_) => three(value >= 1.0, value < BURN_CLEARS),
        }
    }

    /// What part its alerts play in an incident.
    pub fn part(&self) -> Part {
        const SYMPTOMS: [&str; 8] = [
            "answered",
            "attempt_success",
            "availability",
            "failures",
            "rejected",
            "retries",
            "fallback_rate",
            "saved_by_fallback",
        ];
        match &self.condition {
            Condition::BreakerState(_) => Part::Cause,
            Condition::Flapping(_) => Part::Symptom,
            Condition::Absence(_) => Part::Alone,
            Condition::Threshold(_) | Condition::Change(_) | Condition::BurnRate(_) => {
                let metric = self.condition.metric().unwrap_or_default();
                let slow = metric.starts_with("latency")
                    || metric.starts_with("ttft")
                    || metric == "tokens_per_second";
                if slow || SYMPTOMS.contains(&metric) {
                    Part::Symptom
                } else {
                    Part::Alone
                }
            }
        }
    }

    /// Checks every field that can be checked without knowing which metrics there are.
    ///
    /// # Errors
    /// Names the first field that is wrong, and its limit.
    pub fn check(&self) -> Result<(), RuleError> {
        text(&self.name, "name", 1, MAX_NAME)?;
        must(self.name.trim() == self.name, "name", || {
            "must not begin or end with a blank".into()
        })?;
        must(!self.name.contains('\n'), "name", || "must be one line".into())?;
        text(&self.about, "about", 0, 1_024)?;
        self.condition.check()?;
        must((0..=DAY).contains(&self.hold), "for_ms", || {
            format!("must be 0 to {DAY} milliseconds, got {}", self.hold)
        })?;
        must(self.min_samples <= 1_000_000_000, "min_samples", || {
            format!("must be at most 1,000,000,000, got {}", self.min_samples)
        })?;
        must(
            self.min_samples == 0 || !self.condition.is_about_breakers(),
            "min_samples",
            || "a rule about breakers judges no calls; leave it out".into(),
        )?;
        self.check_labels()?;
        if let Some(runbook) = &self.runbook {
            text(runbook, "runbook", 1, 2_048)?;
            let web = runbook.starts_with("https://") || runbook.starts_with("http://");
            must(web && !runbook.contains(char::is_whitespace), "runbook", || {
                "must be an http(s) address without blanks".into()
            })?;
        }
        Ok(())
    }

    fn check_labels(&self) -> Result<(), RuleError> {
        must(self.labels.len() <= MAX_LABELS, "labels", || {
            format!("must be at most {MAX_LABELS}, got {}", self.labels.len())
        })?;
        for (name, value) in &self.labels {
            must(super::matcher::is_label(name), "labels", || {
                format!("`{name}` must be 1 to 128 of a-z, A-Z, 0-9, _ and ., not starting with a digit")
            })?;
            must(
                ![super::RULE_LABEL, super::SEVERITY_LABEL].contains(&name.as_str()),
                "labels",
                || format!("`{name}` is set by the rule itself"),
            )?;
            text(value, "labels", 0, 1_024)?;
        }
        Ok(())
    }
}
