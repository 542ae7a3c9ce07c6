//! Who is told, after how long, while nobody takes an alert.

use crate::Millis;
use crate::alert::RuleError;
use crate::alert::error::must;

/// The most steps of a ladder.
pub const MAX_STEPS: usize = 10;
const MAX_REPEAT: u32 = 9;
const MAX_TOLD: usize = 20;
const MINUTE: Millis = 60_000;
/// The longest pause before a step.
const LONGEST: Millis = 24 * 60 * MINUTE;

/// One step: a pause, then somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How long after the step before it, or after the alert fired.
    pub after: Millis,
    /// Channels, by number.
    pub channels: Vec<u64>,
    /// Whoever is on call of these schedules then.
    pub schedules: Vec<u64>,
    /// Responders, by number.
    pub responders: Vec<u64>,
}

/// A ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// From the first to the last; at least one.
    pub steps: Vec<Step>,
    /// So often it begins anew after the last step.
    pub repeat: u32,
    /// The pause before it begins anew.
    pub again: Millis,
}

impl Escalation {
    /// How many steps there are with all repetitions.
    pub fn total(&self) -> u32 {
        let steps = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        steps.saturating_mul(self.repeat.saturating_add(1))
    }

    /// The step of a number, from 1 over all repetitions, and the pause before it; `None` after the last.
    pub fn step(&self, nth: u32) -> Option<(&Step, Millis)> {
        let before = nth.checked_sub(1).filter(|_| nth <= self.total())?;
        let count = u32::try_from(self.steps.len()).ok().filter(|count| *count > 0)?;
        let (round, place) = (before / count, before % count);
        let step = self.steps.get(usize::try_from(place).ok()?)?;
        let anew = round > 0 && place == 0;
        Some((step, if anew { self.again } else { step.after }))
    }

    /// Checks every field.
    ///
    /// # Errors
    /// Names the first field that is wrong, and its limit.
    pub fn check(&self) -> Result<(), RuleError> {
        let count = self.steps.len();
        must((1..=MAX_STEPS).contains(&count), "steps", || {
            format!("must be 1 to {MAX_STEPS}, got {count}")
        })?;
        for (place, step) in self.steps.iter().enumerate() {
            let field = |name: &str| format!("steps[{place}].{name}");
            // Two steps at once are one.
            let least = if place == 0 { 0 } else { MINUTE };
            must(
                (least..=LONGEST).contains(&step.after),
                &field("after_ms"),
                || format!("must be {least} to {LONGEST} milliseconds, got {}", step.after),
            )?;
            let told = step.channels.len() + step.schedules.len() + step.responders.len();
            must((1..=MAX_TOLD).contains(&told), &field("tell"), || {
                format!("must name 1 to {MAX_TOLD} channels, schedules and responders, got {told}")
            })?;
        }
        must(self.repeat <= MAX_REPEAT, "repeat", || {
            format!("must be at most {MAX_REPEAT}, got {}", self.repeat)
        })?;
        let anew = self.repeat == 0 || (MINUTE..=LONGEST).contains(&self.again);
        must(anew, "again_after_ms", || {
            format!("must be {MINUTE} to {LONGEST} milliseconds, got {}", self.again)
        })
    }
}
