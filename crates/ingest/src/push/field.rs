//! Every field name of the push format, and which type of event reads which.

macro_rules! fields {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A field some type of event reads. The order is that of excerpts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Field { $($variant),+ }

        impl Field {
            /// All of them, by number.
            pub(super) const ALL: &[Field] = &[$(Field::$variant),+];

            /// The name in the push format.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name),+ }
            }

            /// The field with this name.
            pub(super) fn parse(name: &str) -> Option<Field> {
                match name { $($name => Some(Field::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    Type = "type",
    Id = "id",
    Time = "time",
    Provider = "provider",
    Model = "model",
    Outcome = "outcome",
    DurationMs = "duration_ms",
    Breaker = "breaker",
    To = "to",
    From = "from",
    State = "state",
    Title = "title",
    Kind = "kind",
    Environment = "environment",
    Service = "service",
    Deployment = "deployment",
    Instance = "instance",
    Operation = "operation",
    Status = "status",
    Error = "error",
    Reason = "reason",
    TraceId = "trace_id",
    RequestId = "request_id",
    ResponseModel = "response_model",
    TtftMs = "ttft_ms",
    InputTokens = "input_tokens",
    CachedTokens = "cached_tokens",
    CacheWriteTokens = "cache_write_tokens",
    OutputTokens = "output_tokens",
    ReasoningTokens = "reasoning_tokens",
    Tier = "tier",
    CostUsd = "cost_usd",
    Attempt = "attempt",
    FallbackFrom = "fallback_from",
    Weight = "weight",
    Degraded = "degraded",
    Seq = "seq",
    Causes = "causes",
    FailureRate = "failure_rate",
    FailureThreshold = "failure_threshold",
    SlowRate = "slow_rate",
    SlowThreshold = "slow_threshold",
    WindowCalls = "window_calls",
    WindowFailures = "window_failures",
    NotPermitted = "not_permitted",
    RetryAt = "retry_at",
    TrialsDone = "trials_done",
    TrialsNeeded = "trials_needed",
    Key = "key",
    RequestsLimit = "requests_limit",
    RequestsRemaining = "requests_remaining",
    RequestsResetAt = "requests_reset_at",
    TokensLimit = "tokens_limit",
    TokensRemaining = "tokens_remaining",
    TokensResetAt = "tokens_reset_at",
    InputTokensLimit = "input_tokens_limit",
    InputTokensRemaining = "input_tokens_remaining",
    InputTokensResetAt = "input_tokens_reset_at",
    OutputTokensLimit = "output_tokens_limit",
    OutputTokensRemaining = "output_tokens_remaining",
    OutputTokensResetAt = "output_tokens_reset_at",
    Url = "url",
    Labels = "labels",
}

/// How many fields there are.
pub(super) const COUNT: usize = Field::ALL.len();

const _: () = assert!(COUNT <= 128, "a set of fields is a u128");

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FieldSet(u128);

impl FieldSet {
    /// None.
    pub(super) const EMPTY: FieldSet = FieldSet(0);

    const fn of(fields: &[Field]) -> FieldSet {
        let mut bits = 0;
        let mut i = 0;
        while i < fields.len() {
            bits |= 1 << fields[i] as u8;
            i += 1;
        }
        FieldSet(bits)
    }

    const fn and(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 | other.0)
    }

    /// Adds one; false when it was there.
    pub(super) fn insert(&mut self, field: Field) -> bool {
        let bit = 1 << field as u8;
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    /// Whether it is in the set.
    pub(super) const fn contains(self, field: Field) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// Those that are not in the other set.
    pub(super) const fn without(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 & !other.0)
    }

    /// In order.
    pub(super) fn iter(self) -> impl Iterator<Item = Field> {
        let mut bits = self.0;
        std::iter::from_fn(move || {
            let field = Field::ALL.get(bits.trailing_zeros() as usize).copied();
            bits &= bits.wrapping_sub(1);
            field
        })
    }
}

const COMMON: FieldSet = FieldSet::of(&[Field::Type, Field::Id, Field::Time]);

/// What a `call` reads.
pub(super) const CALL: FieldSet = COMMON.and(FieldSet::of(&[
    Field::Provider,
    Field::Model,
    Field::Outcome,
    Field::DurationMs,
    Field::Environment,
    Field::Service,
    Field::Deployment,
    Field::Instance,
    Field::Operation,
    Field::Status,
    Field::Error,
    Field::TraceId,
    Field::RequestId,
    Field::ResponseModel,
    Field::Breaker,
    Field::TtftMs,
    Field::InputTokens,
    Field::CachedTokens,
    Field::CacheWriteTokens,
    Field::OutputTokens,
    Field::ReasoningTokens,
    Field::Tier,
    Field::CostUsd,
    Field::Attempt,
    Field::FallbackFrom,
    Field::Weight,
    Field::Labels,
]));

/// Identity, attributes and figures: what both kinds of breaker event read.
const BREAKER_COMMON: FieldSet = COMMON.and(FieldSet::of(&[
    Field::Breaker,
    Field::Environment,
    Field::Service,
    Field::Provider,
    Field::Model,
    Field::Deployment,
    Field::Instance,
    Field::Kind,
    Field::Degraded,
    Field::FailureRate,
    Field::FailureThreshold,
    Field::SlowRate,
    Field::SlowThreshold,
    Field::WindowCalls,
    Field::WindowFailures,
    Field::NotPermitted,
    Field::RetryAt,
    Field::TrialsDone,
    Field::TrialsNeeded,
    Field::Labels,
]));

/// What a `breaker` event reads.
pub(super) const BREAKER: FieldSet = BREAKER_COMMON.and(FieldSet::of(&[
    Field::To,
    Field::From,
    Field::Seq,
    Field::Reason,
    Field::Causes,
]));

/// What a `breaker_stats` event reads.
pub(super) const BREAKER_STATS: FieldSet = BREAKER_COMMON.and(FieldSet::of(&[Field::State]));

/// What a `headroom` event reads.
pub(super) const HEADROOM: FieldSet = COMMON.and(FieldSet::of(&[
    Field::Provider,
    Field::Model,
    Field::Key,
    Field::Service,
    Field::Deployment,
    Field::RequestsLimit,
    Field::RequestsRemaining,
    Field::RequestsResetAt,
    Field::TokensLimit,
    Field::TokensRemaining,
    Field::TokensResetAt,
    Field::InputTokensLimit,
    Field::InputTokensRemaining,
    Field::InputTokensResetAt,
    Field::OutputTokensLimit,
    Field::OutputTokensRemaining,
    Field::OutputTokensResetAt,
]));

/// What a `marker` reads.
pub(super) const MARKER: FieldSet = COMMON.and(FieldSet::of(&[
    Field::Title,
    Field::Kind,
    Field::Url,
    Field::Service,
    Field::Environment,
]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (number, field) in Field::ALL.iter().enumerate() {
            assert_eq!(*field as usize, number);
            assert_eq!(Field::parse(field.name()), Some(*field));
        }
        assert_eq!(Field::parse("Type"), None);
    }

    #[test]
    fn every_field_is_read_by_some_type() {
        let read = CALL.and(BREAKER).and(BREAKER_STATS).and(HEADROOM).and(MARKER);
        assert_eq!(read.iter().count(), COUNT);
        assert!(read.iter().eq(Field::ALL.iter().copied()));
    }

    #[test]
    fn sets() {
        let mut set = FieldSet::EMPTY;
        assert!(set.insert(Field::Labels));
        assert!(set.insert(Field::Type));
        assert!(!set.insert(Field::Type));
        assert!(set.contains(Field::Labels) && !set.contains(Field::To));
        assert_eq!(set.without(COMMON).iter().collect::<Vec<_>>(), [Field::Labels]);
    }
}
