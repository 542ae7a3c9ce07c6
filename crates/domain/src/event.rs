//! What the outside world reports. Field meanings and limits are those of the public contract (`POST /api/v1/events`);
//! whoever builds an [`Event`] has already checked them.

use crate::breaker::State;
use crate::{Micros, Millis, NanoUsd, Outcome};

/// One accepted event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The sender's id, for de-duplication.
    pub id: Option<String>,
    /// When it counts: the reported time, but never later than its arrival.
    pub time: Millis,
    /// The time the sender gave, where that differs from `time` (it lay in the future).
    pub reported: Option<Millis>,
    /// What happened.
    pub body: EventBody,
}

/// The kinds of event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// One attempt at a provider.
    Call(Box<Call>),
    /// A breaker changed state.
    Transition(Box<Transition>),
    /// A breaker says what state it is in.
    Stats(Box<Stats>),
    /// What rate-limit headers said.
    Headroom(Box<Headroom>),
    /// A vertical line for every chart.
    Marker(Box<Marker>),
}

/// Up to 32 names with values; sorted by name, names unique.
pub type Labels = Vec<(String, String)>;

/// One attempt at a provider; [`Event::time`] is its end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Call {
    /// Trimmed, lower-cased, aliased (`azure.ai.openai` → `azure`).
    pub provider: String,
    /// As sent.
    pub model: String,
    /// Index into [`Outcome::ALL`]; see [`Call::outcome`].
    pub outcome: CallOutcome,
    /// How long it took. Zero for a rejected call that gave none.
    pub duration: Option<Micros>,
    /// Time to first token, for streams; never longer than `duration`.
    pub ttft: Option<Micros>,
    /// `prod`, `staging`.
    pub environment: Option<String>,
    /// The calling service.
    pub service: Option<String>,
    /// The model at an endpoint or region.
    pub deployment: Option<String>,
    /// The process that made the call.
    pub instance: Option<String>,
    /// `chat`, `completion`, `embedding`, `rerank`, `image`, `audio`, `other`.
    pub operation: Option<Operation>,
    /// HTTP status, 100–599.
    pub status: Option<u16>,
    /// Free text, at most 256 characters.
    pub error: Option<String>,
    /// For finding it in traces.
    pub trace_id: Option<String>,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// The model that really answered.
    pub response_model: Option<String>,
    /// The breaker that guarded the call.
    pub breaker: Option<String>,
    /// Includes cached and cache-write tokens.
    pub input_tokens: Option<u32>,
    /// Read from the provider's prompt cache.
    pub cached_tokens: Option<u32>,
    /// Written to the provider's prompt cache.
    pub cache_write_tokens: Option<u32>,
    /// Includes reasoning tokens.
    pub output_tokens: Option<u32>,
    /// Part of `output_tokens`.
    pub reasoning_tokens: Option<u32>,
    /// Price tier.
    pub tier: Option<Tier>,
    /// As reported, or from the price table; `None` when no price is known (never zero).
    pub cost: Option<NanoUsd>,
    /// The cost came from the price table.
    pub cost_estimated: bool,
    /// What it would have cost at the provider and model that it stands in for; `None` when no price says it.
    pub usual_cost: Option<NanoUsd>,
    /// 1, or 2.. for a retry.
    pub attempt: u8,
    /// The provider and model it stands in for.
    pub fallback_from: Option<FallbackFrom>,
    /// This event stands for so many, at least 1.
    pub weight: u32,
    /// Extra dimensions.
    pub labels: Labels,
}

/// The outcome of a call; a newtype only so that [`Call`] can have a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallOutcome(pub Outcome);

impl Default for CallOutcome {
    fn default() -> Self {
        CallOutcome(Outcome::Ok)
    }
}

impl Call {
    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.outcome.0
    }

    /// A first event stands for one request of a user: not a retry, not a fallback.
    pub fn is_first(&self) -> bool {
        self.attempt <= 1 && self.fallback_from.is_none()
    }

    /// The call waited for a first token, so speed of generation can be told.
    pub fn is_stream(&self) -> bool {
        self.ttft.is_some()
    }
}

/// What a fallback stands in for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FallbackFrom {
    /// The provider that was tried first.
    pub provider: String,
    /// Its model, where given.
    pub model: Option<String>,
}

/// Kind of model call. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operation {
    Chat = 0,
    Completion = 1,
    Embedding = 2,
    Rerank = 3,
    Image = 4,
    Audio = 5,
    Other = 6,
}

impl Operation {
    /// All of them, in stored order.
    pub const ALL: [Operation; 7] = [
        Operation::Chat,
        Operation::Completion,
        Operation::Embedding,
        Operation::Rerank,
        Operation::Image,
        Operation::Audio,
        Operation::Other,
    ];

    /// The name in the push API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Operation::Chat => "chat",
            Operation::Completion => "completion",
            Operation::Embedding => "embedding",
            Operation::Rerank => "rerank",
            Operation::Image => "image",
            Operation::Audio => "audio",
            Operation::Other => "other",
        }
    }

    /// The operation with this API name.
    pub fn parse(name: &str) -> Option<Operation> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }
}

/// Price tier. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Tier {
    Standard = 0,
    Batch = 1,
    Flex = 2,
    Priority = 3,
}

impl Tier {
    /// All of them, in stored order.
    pub const ALL: [Tier; 4] = [Tier::Standard, Tier::Batch, Tier::Flex, Tier::Priority];

    /// The name in the push API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::Standard => "standard",
            Tier::Batch => "batch",
            Tier::Flex => "flex",
            Tier::Priority => "priority",
        }
    }

    /// The tier with this API name.
    pub fn parse(name: &str) -> Option<Tier> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }
}

/// Whose breaker, in which process: shared by transitions and stats.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BreakerRef {
    /// The breaker's name; part of its identity.
    pub breaker: String,
    /// Part of its identity; `None` counts as empty.
    pub environment: Option<String>,
    /// Part of its identity; `None` counts as empty.
    pub service: Option<String>,
    /// Part of its identity; `None` counts as empty.
    pub deployment: Option<String>,
    /// An attribute: the latest value given counts.
    pub provider: Option<String>,
    /// An attribute: the latest value given counts.
    pub model: Option<String>,
    /// An attribute: the latest value given counts.
    pub kind: Option<BreakerKind>,
    /// The process that holds it. `None`: the API key's id stands in, and the instance counts as shared.
    pub instance: Option<String>,
}

/// What makes a breaker trip. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BreakerKind {
    FailureRate = 0,
    Consecutive = 1,
    Limit = 2,
    Ejection = 3,
}

impl BreakerKind {
    /// All of them, in stored order.
    pub const ALL: [BreakerKind; 4] = [
        BreakerKind::FailureRate,
        BreakerKind::Consecutive,
        BreakerKind::Limit,
        BreakerKind::Ejection,
    ];

    /// The name in the push API.
    pub const fn as_str(self) -> &'static str {
        match self {
            BreakerKind::FailureRate => "failure_rate",
            BreakerKind::Consecutive => "consecutive",
            BreakerKind::Limit => "limit",
            BreakerKind::Ejection => "ejection",
        }
    }

    /// The kind with this API name.
    pub fn parse(name: &str) -> Option<BreakerKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Figures a breaker may report with a transition or by itself. Rates are fractions 0–1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BreakerFigures {
    /// Share of failing calls in the breaker's window.
    pub failure_rate: Option<f64>,
    /// Where it trips.
    pub failure_threshold: Option<f64>,
    /// Share of slow calls in the breaker's window.
    pub slow_rate: Option<f64>,
    /// Where it trips for slowness.
    pub slow_threshold: Option<f64>,
    /// Calls in the window.
    pub window_calls: Option<u32>,
    /// Failures in the window.
    pub window_failures: Option<u32>,
    /// Calls refused since the last transition.
    pub not_permitted: Option<u64>,
    /// When it will let trial calls through.
    pub retry_at: Option<Millis>,
    /// Trial calls done in half-open.
    pub trials_done: Option<u32>,
    /// Trial calls needed to close.
    pub trials_needed: Option<u32>,
    /// Some of its backends are out; a flag, not a state.
    pub degraded: Option<bool>,
}

/// A breaker changed state.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Whose.
    pub subject: BreakerRef,
    /// The state it left, where the sender says so.
    pub from: Option<State>,
    /// The state it is in now; never [`State::Unknown`].
    pub to: State,
    /// Rising per instance, where the sender counts.
    pub seq: Option<u64>,
    /// Free text, at most 256 characters.
    pub reason: Option<String>,
    /// How many failures of which kind led to it, in the order sent.
    pub causes: Vec<(String, u32)>,
    /// What the breaker saw.
    pub figures: BreakerFigures,
    /// Extra dimensions.
    pub labels: Labels,
}

/// A breaker says what state it is in: creates it, keeps its instance live, repairs a lost transition.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// Whose.
    pub subject: BreakerRef,
    /// The state it is in; never [`State::Unknown`].
    pub state: State,
    /// What the breaker sees.
    pub figures: BreakerFigures,
    /// Extra dimensions.
    pub labels: Labels,
}

/// What rate-limit headers said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Headroom {
    /// Required.
    pub provider: String,
    /// Where limits are per model.
    pub model: Option<String>,
    /// An alias of the provider key, never the key.
    pub key: Option<String>,
    /// The calling service.
    pub service: Option<String>,
    /// The model at an endpoint or region.
    pub deployment: Option<String>,
    /// Requests per window.
    pub requests: Quota,
    /// Tokens per window, where input and output share one limit.
    pub tokens: Quota,
    /// Input tokens per window.
    pub input_tokens: Quota,
    /// Output tokens per window.
    pub output_tokens: Quota,
}

/// One limit as told by a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// The limit.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// When it is whole again.
    pub reset_at: Option<Millis>,
}

/// A vertical line for every chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// At most 256 characters.
    pub title: String,
    /// What it marks.
    pub kind: MarkerKind,
    /// http or https.
    pub url: Option<String>,
    /// Where it applies.
    pub service: Option<String>,
    /// Where it applies.
    pub environment: Option<String>,
}

/// What a marker marks. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MarkerKind {
    Deploy = 0,
    Config = 1,
    Incident = 2,
    #[default]
    Other = 3,
}

impl MarkerKind {
    /// All of them, in stored order.
    pub const ALL: [MarkerKind; 4] = [
        MarkerKind::Deploy,
        MarkerKind::Config,
        MarkerKind::Incident,
        MarkerKind::Other,
    ];

    /// The name in the push API.
    pub const fn as_str(self) -> &'static str {
        match self {
            MarkerKind::Deploy => "deploy",
            MarkerKind::Config => "config",
            MarkerKind::Incident => "incident",
            MarkerKind::Other => "other",
        }
    }

    /// The kind with this API name.
    pub fn parse(name: &str) -> Option<MarkerKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
