//! The rungs, as data.

use crate::Millis;

/// A width of buckets. The number is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rung {
    /// 10 s: written by the live path as partials.
    TenSeconds = 1,
    /// 1 min: built by the compactor.
    Minute = 2,
    /// 1 h, aligned to the tenant's zone offset: built by the compactor.
    Hour = 3,
    /// The tenant's local day: built by the compactor.
    Day = 4,
}

/// One rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub rung: Rung,
    /// Its width; `None` for local days, which last 23 to 25 hours.
    pub width: Option<Millis>,
    /// How long it is kept by default; `None` for ever.
    pub kept: Option<Millis>,
    /// What it is built from; `None` for the live path.
    pub from: Option<Rung>,
    /// How much time one chunk covers at most.
    pub span: Millis,
}

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// Finest first.
pub const LADDER: [Step; 4] = [
    Step {
        rung: Rung::TenSeconds,
        width: Some(10_000),
        kept: Some(14 * DAY),
        from: None,
        span: HOUR,
    },
    Step {
        rung: Rung::Minute,
        width: Some(60_000),
        kept: Some(30 * DAY),
        from: Some(Rung::TenSeconds),
        span: DAY,
    },
    Step {
        rung: Rung::Hour,
        width: Some(3_600_000),
        kept: Some(396 * DAY),
        from: Some(Rung::Minute),
        span: 30 * DAY,
    },
    Step {
        rung: Rung::Day,
        width: None,
        kept: None,
        from: Some(Rung::Hour),
        span: 360 * DAY,
    },
];

impl Rung {
    /// All of them, finest first.
    pub const ALL: [Rung; 4] = [Rung::TenSeconds, Rung::Minute, Rung::Hour, Rung::Day];

    /// Its entry in the ladder.
    pub fn step(self) -> Step {
        LADDER[self as usize - 1]
    }

    /// The rung stored under this number.
    pub fn from_number(number: i64) -> Option<Rung> {
        Self::ALL.into_iter().find(|rung| *rung as i64 == number)
    }

    /// The start of the bucket that holds `time`; `None` for local days, which need a calendar.
    pub fn bucket(self, time: Millis) -> Option<Millis> {
        self.step().width.map(|width| time - time.rem_euclid(width))
    }

    /// The start of the bucket that holds `time` in a zone `offset` ahead of UTC: hours and days align to the zone.
    pub fn local_bucket(self, time: Millis, offset: Millis) -> Millis {
        let width = self.nominal_width();
        time - time.saturating_add(offset).rem_euclid(width)
    }

    /// The width; 24 hours for local days.
    pub fn nominal_width(self) -> Millis {
        self.step().width.unwrap_or(DAY)
    }

    /// The start of the chunk span that holds `bucket`.
    pub fn span(self, bucket: Millis) -> Millis {
        bucket - bucket.rem_euclid(self.step().span)
    }
}

#[cfg(test)]
mod tests {
    use super::{LADDER, Rung};

    #[test]
    fn every_rung_is_a_multiple_of_the_one_it_is_built_from() {
        for (number, step) in LADDER.iter().enumerate() {
            assert_eq!(step.rung as usize, number + 1);
            assert_eq!(Rung::from_number(step.rung as i64), Some(step.rung));
            assert_eq!(step.span % step.rung.nominal_width(), 0);
            if let Some(from) = step.from {
                assert_eq!(step.rung.nominal_width() % from.nominal_width(), 0);
            }
        }
        assert_eq!(Rung::from_number(0), None);
        assert_eq!(Rung::from_number(5), None);
    }

    #[test]
    fn hours_and_days_align_to_the_zone() {
        const INDIA: i64 = 330 * 60_000;
        // 1970-01-02 00:10 in India is 18:40 UTC of the day before.
        let time = 18 * 3_600_000 + 40 * 60_000;
        assert_eq!(Rung::Hour.local_bucket(time, INDIA), time - 10 * 60_000);
        assert_eq!(Rung::Day.local_bucket(time, INDIA), time - 10 * 60_000);
        assert_eq!(Rung::Minute.local_bucket(time + 59_999, INDIA), time);
        assert_eq!(Rung::Day.local_bucket(time, 0), 0);
        assert_eq!(Rung::TenSeconds.local_bucket(-1, 0), -10_000);
    }
}
