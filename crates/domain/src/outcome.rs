//! How one attempt at a provider ended, and which figures that touches (`api.md`, *Counting*).

/// The outcome of one attempt. The order is part of the stored format: add at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok = 0,
    /// 429 that clears by waiting.
    RateLimited = 1,
    /// Out of credit or over a spend limit; waiting does not help.
    Quota = 2,
    /// The provider says it is overloaded (529, 503).
    Overloaded = 3,
    /// Any other 5xx.
    ServerError = 4,
    /// No answer in time.
    Timeout = 5,
    /// Connection refused, reset, DNS, or a stream that broke.
    Network = 6,
    /// 401 or 403.
    Auth = 7,
    /// The request was wrong.
    BadRequest = 8,
    /// Withheld by a content filter.
    ContentFiltered = 9,
    /// The caller gave up.
    Cancelled = 10,
    /// A breaker refused the call; the provider never saw it.
    Rejected = 11,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// All of them, in stored order.
    pub const ALL: [Outcome; Self::COUNT] = [
        Outcome::Ok,
        Outcome::RateLimited,
        Outcome::Quota,
        Outcome::Overloaded,
        Outcome::ServerError,
        Outcome::Timeout,
        Outcome::Network,
        Outcome::Auth,
        Outcome::BadRequest,
        Outcome::ContentFiltered,
        Outcome::Cancelled,
        Outcome::Rejected,
    ];

    /// The name in the push API, in labels and in the journal's documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::RateLimited => "rate_limited",
            Outcome::Quota => "quota",
            Outcome::Overloaded => "overloaded",
            Outcome::ServerError => "server_error",
            Outcome::Timeout => "timeout",
            Outcome::Network => "network",
            Outcome::Auth => "auth",
            Outcome::BadRequest => "bad_request",
            Outcome::ContentFiltered => "content_filtered",
            Outcome::Cancelled => "cancelled",
            Outcome::Rejected => "rejected",
        }
    }

    /// The outcome with this API name.
    pub fn parse(name: &str) -> Option<Outcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// The outcome stored under this number.
    pub fn from_index(index: usize) -> Option<Outcome> {
        Self::ALL.get(index).copied()
    }

    /// Its number in stored counts.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Neither a success nor a failure of anybody: left out of every ratio.
    pub const fn is_neutral(self) -> bool {
        matches!(
            self,
            Outcome::Cancelled | Outcome::ContentFiltered | Outcome::BadRequest
        )
    }

    /// Lowers the provider's availability. Rate limits count only where a tenant says so.
    pub const fn is_provider_failure(self, rate_limits_count: bool) -> bool {
        match self {
            Outcome::Overloaded | Outcome::ServerError | Outcome::Timeout | Outcome::Network => true,
            Outcome::RateLimited => rate_limits_count,
            _ => false,
        }
    }
}
