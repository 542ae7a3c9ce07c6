//! The objects that pages show. Each is a full current value: a delta replaces, it never patches inside an entity.

mod activity;
mod alerts;
mod board;
mod breaker;
mod breaker_page;
mod breakers;
mod chart;
mod connect;
mod explore;
mod kpis;
mod people;
mod provider;
mod providers;
mod whatif;

pub use activity::{Activity, ActivityTrip, MAX_TRIPS};
pub use alerts::Alerts;
pub use board::{Board, BoardDelta, Breaker, Feed, Kpi, KpiId, Provider, Verdict};
pub use breaker::{BreakerDetail, CallRow, InstanceRow, Trip};
pub use breaker_page::{
    BreakerPage, CallsAround, Change, Hour, InstanceStrips, MAX_AROUND, MAX_TRACKS, MAX_TRANSITIONS,
    StripRow, Strips,
};
pub use breakers::{BreakerFigures, BreakerRow, Breakers, HISTORY_CELLS, InstanceState, MAX_NAMED};
pub use chart::{BAND_NAMES, ChartPoint, HEAT_EDGES_MS};
pub use connect::{Connect, RefusalRow, SourceRow};
pub use explore::{ExploreQuestion, ExploreRow, Explored, KnownValues, MAX_DRAWN};
pub use kpis::{
    Burndown, Completeness, CostPart, Figure, Gap, Good, KpiPage, KpiProvider, OpenHours, Period, Said,
    Unreliability, Working,
};
pub use people::{
    ApiKeys, AuditPage, AuditRow, Belongs, IdentityProvider, IdentityRow, InvitationRow, Invited, KeyRow,
    MadeKey, Me, MemberRow, Members, PersonRow, QuotaRow, SessionRow, TenantRow, Tenants,
};
pub use provider::{
    MAX_PARTS, OutcomeSteps, ProviderBreaker, ProviderHistory, ProviderPage, ProviderPart, Steps,
};
pub use providers::{
    CallsSay, MAX_LINES, MAX_ROWS, ProviderLine, ProviderLines, ProviderRow, Providers, STRIP_CELLS,
};
pub use whatif::{Counts, LimitReplay, LimitReplays, ReplayRules};

use serde::{Deserialize, Serialize};

/// How urgent something is; decides shape and colour, never colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// No data, or too old to tell: grey, never green.
    Unknown,
    /// Somebody should look.
    Attention,
    /// Act now.
    Act,
}

/// The state of a breaker or of one of its instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names say it; see the words in the product description"
)]
pub enum State {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
    Unknown,
}

impl State {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::Disabled => "disabled",
            State::MetricsOnly => "metrics_only",
            State::Unknown => "unknown",
        }
    }
}

/// A live range of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Range {
    /// The last 5 minutes.
    #[serde(rename = "5m")]
    M5,
    /// The last 15 minutes.
    #[default]
    #[serde(rename = "15m")]
    M15,
    /// The last hour.
    #[serde(rename = "1h")]
    H1,
}

impl Range {
    /// All of them, shortest first.
    pub const ALL: [Range; 3] = [Range::M5, Range::M15, Range::H1];

    /// As written in URLs and frames.
    pub const fn as_str(self) -> &'static str {
        match self {
            Range::M5 => "5m",
            Range::M15 => "15m",
            Range::H1 => "1h",
        }
    }

    /// The range with this name.
    pub fn parse(name: &str) -> Option<Range> {
        Self::ALL.into_iter().find(|range| range.as_str() == name)
    }

    /// Its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Range::M5 => 300,
            Range::M15 => 900,
            Range::H1 => 3600,
        }
    }

    /// The width of a chart point in seconds: 10 s, or 30 s for the hour.
    pub const fn step_seconds(self) -> i64 {
        match self {
            Range::M5 | Range::M15 => 10,
            Range::H1 => 30,
        }
    }
}
