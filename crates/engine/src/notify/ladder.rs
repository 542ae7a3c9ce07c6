//! When a delivery is tried again: the steps that Standard Webhooks 1.0 recommends, three days in all.

use domain::Millis;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

/// The pause after the first failure, after the second, and so on.
const STEPS: [Millis; 9] = [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
/// What is older is not tried again: the steps together, and the time that the attempts take.
const OLDEST: Millis = 76 * HOUR;
/// A receiver that says when is believed up to here.
const LONGEST_WAIT: Millis = HOUR;
/// Each pause is shorter by up to a tenth, so that what failed together does not come back together.
const SPREAD: u64 = 10;

/// When the next attempt is due, or `None` when there is none. `steps` says how many failures made
/// the pause longer already, `after` what the receiver asked for, `seed` anything that differs between deliveries.
pub(super) fn next(
    created: Millis,
    steps: u32,
    after: Option<Millis>,
    now: Millis,
    seed: u64,
) -> Option<Millis> {
    let step = (steps as usize).min(STEPS.len() - 1);
    let pause = match after {
        // The receiver lives and says when: a step would make people wait for nothing.
        Some(after) => after.clamp(SECOND, LONGEST_WAIT),
        None => {
            let pause = STEPS[step];
            let tenth = pause / SPREAD.cast_signed();
            pause - (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33).cast_signed() % (tenth + 1)
        }
    };
    let due = now + pause;
    (due - created <= OLDEST).then_some(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_climbed_until_three_days_are_over() {
        let mut now = 0;
        let mut pauses = Vec::new();
        let mut steps = 0;
        while let Some(due) = next(0, steps, None, now, 7) {
            pauses.push(due - now);
            now = due;
            steps += 1;
        }
        assert_eq!(pauses.len(), STEPS.len());
        for (pause, step) in pauses.iter().zip(STEPS) {
            assert!(*pause <= step && *pause >= step - step / 10, "{pause} of {step}");
        }
        assert!(now > 68 * HOUR && now <= OLDEST, "{now}");
    }

    #[test]
    fn a_receiver_that_says_when_is_believed_within_reason() {
        assert_eq!(next(0, 5, Some(2_000), 100, 1), Some(2_100));
        assert_eq!(next(0, 1, Some(0), 100, 1), Some(1_100));
        assert_eq!(next(0, 1, Some(9 * HOUR), 100, 1), Some(100 + HOUR));
        // However often it says so, it ends.
        assert_eq!(next(0, 1, Some(2_000), OLDEST, 1), None);
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let dues: std::collections::BTreeSet<Millis> =
            (0..50).filter_map(|seed| next(0, 1, None, 0, seed)).collect();
        assert!(dues.len() > 40, "{}", dues.len());
    }
}
