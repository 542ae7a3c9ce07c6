//! The six states of a breaker, and *unknown*.

/// The state of one breaker in one instance. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Calls pass.
    Closed = 0,
    /// Calls are refused.
    Open = 1,
    /// A few trial calls pass.
    HalfOpen = 2,
    /// Held open by a person or a program.
    ForcedOpen = 3,
    /// Calls pass, nothing is counted.
    Disabled = 4,
    /// Calls pass, failures are counted, it never trips.
    MetricsOnly = 5,
    /// Nothing was heard from the instance for too long. Never sent by anybody.
    Unknown = 6,
}

impl State {
    /// All of them, in stored order.
    pub const ALL: [State; 7] = [
        State::Closed,
        State::Open,
        State::HalfOpen,
        State::ForcedOpen,
        State::Disabled,
        State::MetricsOnly,
        State::Unknown,
    ];

    /// The name in the push API.
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

    /// The state with this API name; `unknown` is not one that can be sent.
    pub fn parse(name: &str) -> Option<State> {
        Self::ALL
            .into_iter()
            .find(|state| *state != State::Unknown && state.as_str() == name)
    }

    /// The state stored under this number.
    pub fn from_index(index: usize) -> Option<State> {
        Self::ALL.get(index).copied()
    }

    /// Higher is worse: open > forced open > half-open > unknown > disabled > metrics only > closed.
    pub const fn severity(self) -> u8 {
        match self {
            State::Open => 6,
            State::ForcedOpen => 5,
            State::HalfOpen => 4,
            State::Unknown => 3,
            State::Disabled => 2,
            State::MetricsOnly => 1,
            State::Closed => 0,
        }
    }

    /// The worse of two.
    pub fn worse(self, other: State) -> State {
        if other.severity() > self.severity() {
            other
        } else {
            self
        }
    }
}
