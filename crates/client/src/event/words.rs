//! The closed vocabularies of the push API. Names on the wire are the snake-case forms.

use serde::Serialize;

/// How one attempt at a provider ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered.
    Ok,
    /// 429 that clears by waiting.
    RateLimited,
    /// Out of credit or over a spend limit; waiting does not help.
    Quota,
    /// The provider says it is overloaded (529, 503).
    Overloaded,
    /// Any other 5xx.
    ServerError,
    /// No answer in time.
    Timeout,
    /// Connection refused, reset, DNS, or a stream that broke.
    Network,
    /// 401 or 403.
    Auth,
    /// The request was wrong.
    BadRequest,
    /// Withheld by a content filter.
    ContentFiltered,
    /// The caller gave up.
    Cancelled,
    /// A breaker refused the call; the provider never saw it.
    Rejected,
}

/// The state of a breaker. There is no `unknown`: that is what the board shows when nothing is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// A few trial calls pass.
    HalfOpen,
    /// Held open by a person or a program.
    ForcedOpen,
    /// Calls pass, nothing is counted.
    Disabled,
    /// Calls pass, failures are counted, it never trips.
    MetricsOnly,
}

/// What makes a breaker trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerKind {
    /// A share of failing or slow calls in a window.
    FailureRate,
    /// So many failures in a row.
    Consecutive,
    /// A limit on what may be under way at once.
    Limit,
    /// Backends are taken out one by one.
    Ejection,
}

/// Kind of model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operation {
    Chat,
    Completion,
    Embedding,
    Rerank,
    Image,
    Audio,
    Other,
}

/// Price tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tier {
    Standard,
    Batch,
    Flex,
    Priority,
}

/// What a marker marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MarkerKind {
    Deploy,
    Config,
    Incident,
    Other,
}
