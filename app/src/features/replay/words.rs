//! What moments are called.

use crate::format::{clock, moment};

/// A minute, milliseconds.
pub(super) const MINUTES: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// `14:28, today`, `14:28, yesterday`, and `Thu 14:28` before.
pub(super) fn named(at: i64, present: i64, offset_min: i32) -> String {
    let day = |at: i64| (at + i64::from(offset_min) * MINUTES).div_euclid(DAY);
    let time = &clock(at, offset_min)[..5];
    match day(present) - day(at) {
        0 => [time, ", today"].concat(),
        1 => [time, ", yesterday"].concat(),
        _ => moment(at, present, offset_min),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_begins_at_midnight_here() {
        // 2026-07-30 12:28:02 UTC, a Thursday.
        let at = 1_785_414_482_000;
        assert_eq!(named(at, at + 5_000, 0), "12:28, today");
        assert_eq!(named(at, at + 11 * 3_600_000, 120), "14:28, yesterday");
        assert_eq!(named(at, at + 11 * 3_600_000, 0), "12:28, today");
        assert_eq!(named(at, at + 2 * DAY, 0), "Thu 12:28");
    }
}
