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
}

const DAY: Millis = 86_400_000;

/// Finest first.
pub const LADDER: [Step; 4] = [
    Step {
        rung: Rung::TenSeconds,
        width: Some(10_000),
        kept: Some(14 * DAY),
        from: None,
    },
    Step {
        rung: Rung::Minute,
        width: Some(60_000),
        kept: Some(30 * DAY),
        from: Some(Rung::TenSeconds),
    },
    Step {
        rung: Rung::Hour,
        width: Some(3_600_000),
        kept: Some(396 * DAY),
        from: Some(Rung::Minute),
    },
    Step {
        rung: Rung::Day,
        width: None,
        kept: None,
        from: Some(Rung::Hour),
    },
];

impl Rung {
    /// Its entry in the ladder.
    pub fn step(self) -> Step {
        LADDER[self as usize - 1]
    }

    /// The start of the bucket that holds `time`; `None` for local days, which need a calendar.
    pub fn bucket(self, time: Millis) -> Option<Millis> {
        self.step().width.map(|width| time - time.rem_euclid(width))
    }
}
