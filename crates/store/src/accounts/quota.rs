//! What a single tenant may use, where that is something else than the settings say for all.
//!
//! Deliberately absent: what is used, and what happens at the limit (intake, and the engine for series).

/// The limits of one tenant. `None` is what the settings say for every tenant (`limits.*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Events that it may send per second, up to [`Quota::MOST_EVENTS`]; 0 is no limit.
    pub events_per_second: Option<u32>,
    /// Series it may have, 1 to [`Quota::MOST_SERIES`].
    pub series: Option<u32>,
    /// MiB that it may store, up to [`Quota::MOST_MIB`]; 0 is no limit.
    pub stored_mib: Option<u32>,
}

impl Quota {
    /// The most events per second that can be said.
    pub const MOST_EVENTS: u32 = 1_000_000;
    /// The most series.
    pub const MOST_SERIES: u32 = 50_000;
    /// The most MiB: a pebibyte.
    pub const MOST_MIB: u32 = 1 << 30;

    /// Whether nothing is said: the tenant is like every other.
    pub fn is_usual(&self) -> bool {
        *self == Quota::default()
    }

    /// In words, for the audit log: `events per second 500, series as usual, stored MiB 0`.
    pub fn words(&self) -> String {
        let said =
            |value: Option<u32>| value.map_or_else(|| "as usual".to_owned(), |value| value.to_string());
        format!(
            "events per second {}, series {}, stored MiB {}",
            said(self.events_per_second),
            said(self.series),
            said(self.stored_mib)
        )
    }
}
