//! `breaker` and `breaker_stats`: what a breaker did, and what it is.

use serde::Serialize;

use super::{BreakerKind, Defaults, Lane, Report, State, free_text, object, setters};

/// Whose breaker, and what it saw: the fields that both events share.
macro_rules! breaker_event {
    ($(#[$doc:meta])* $name:ident, $tag:literal { $($(#[$attribute:meta])* $field:ident: $kind:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "type", rename = $tag)]
        pub struct $name {
            breaker: String,
            $($(#[$attribute])* $field: $kind,)*
            #[serde(skip_serializing_if = "Option::is_none")]
            time: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            environment: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            service: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            provider: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            model: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            deployment: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            instance: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            kind: Option<BreakerKind>,
            #[serde(skip_serializing_if = "Option::is_none")]
            degraded: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            failure_rate: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            failure_threshold: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            slow_rate: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            slow_threshold: Option<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            window_calls: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            window_failures: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            not_permitted: Option<u64>,
            #[serde(rename = "retry_at", skip_serializing_if = "Option::is_none")]
            retry_at_ms: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            trials_done: Option<u32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            trials_needed: Option<u32>,
            #[serde(serialize_with = "object", skip_serializing_if = "Vec::is_empty")]
            labels: Vec<(String, String)>,
        }

        impl $name {
            fn bare(breaker: String) -> $name {
                $name {
                    breaker,
                    $($field: $default,)*
                    time: None,
                    id: None,
                    environment: None,
                    service: None,
                    provider: None,
                    model: None,
                    deployment: None,
                    instance: None,
                    kind: None,
                    degraded: None,
                    failure_rate: None,
                    failure_threshold: None,
                    slow_rate: None,
                    slow_threshold: None,
                    window_calls: None,
                    window_failures: None,
                    not_permitted: None,
                    retry_at_ms: None,
                    trials_done: None,
                    trials_needed: None,
                    labels: Vec::new(),
                }
            }

            setters!(time);
            setters!(labels);
            setters!(text {
                /// Part of the breaker's identity. Default: the client's.
                environment
                /// Part of the breaker's identity. Default: the client's.
                service
                /// Part of the breaker's identity: the endpoint or region that it guards.
                deployment
                /// The provider that it guards.
                provider
                /// The model that it guards.
                model
                /// The process that holds it. Default: the client's.
                instance
            });
            setters!(value {
                /// What makes it trip.
                kind: BreakerKind
                /// Some of its backends are out.
                degraded: bool
                /// Calls in its window.
                window_calls: u32
                /// Failures in its window.
                window_failures: u32
                /// Calls refused since the last transition.
                not_permitted: u64
                /// When it will let trial calls through, in milliseconds since the Unix epoch.
                retry_at_ms: i64
                /// Trial calls done in half-open.
                trials_done: u32
                /// Trial calls needed to close.
                trials_needed: u32
            });
            setters!(fraction {
                /// Share of failing calls in its window, 0–1. Leave it out while the window is too small to tell.
                failure_rate
                /// Where it trips, 0–1.
                failure_threshold
                /// Share of slow calls in its window, 0–1.
                slow_rate
                /// Where it trips for slowness, 0–1.
                slow_threshold
            });
        }

        impl Report for $name {
            const LANE: Lane = Lane::States;
            const URGENT: bool = $name::LEAVES_AT_ONCE;

            fn complete(&mut self, now_ms: i64, id: String, defaults: &Defaults) {
                self.time.get_or_insert(now_ms);
                self.id.get_or_insert(id);
                self.service = self.service.take().or_else(|| defaults.service.clone());
                self.environment = self.environment.take().or_else(|| defaults.environment.clone());
                self.instance = self.instance.take().or_else(|| defaults.instance.clone());
                defaults.add_labels(&mut self.labels);
            }
        }
    };
}

breaker_event! {
    /// A breaker changed state. It does not wait for a batch to fill.
    TransitionEvent, "breaker" {
        to: State = State::Closed,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<State> = None,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64> = None,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String> = None,
        #[serde(serialize_with = "object", skip_serializing_if = "Vec::is_empty")]
        causes: Vec<(String, u32)> = Vec::new(),
    }
}

breaker_event! {
    /// A breaker says what state it is in. Recommended every 15 s: it creates the breaker on the board, keeps its
    /// instance live, and repairs a transition that got lost.
    StatsEvent, "breaker_stats" {
        state: State = State::Closed,
    }
}

impl TransitionEvent {
    const LEAVES_AT_ONCE: bool = true;

    /// `breaker` is in state `to` now.
    pub fn new(breaker: impl Into<String>, to: State) -> TransitionEvent {
        TransitionEvent {
            to,
            ..TransitionEvent::bare(breaker.into())
        }
    }

    /// The state that it left.
    #[must_use]
    pub fn from(mut self, from: State) -> Self {
        self.from = Some(from);
        self
    }

    /// A number that rises with every transition of this breaker in this instance, for senders that count.
    #[must_use]
    pub fn seq(mut self, seq: u64) -> Self {
        self.seq = Some(seq);
        self
    }

    /// Why, in words; cut to 256 characters.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(free_text(reason));
        self
    }

    /// So many failures of this kind (`overloaded`, `timeout`) led to it, the most frequent first. A kind that is told
    /// again adds up.
    #[must_use]
    pub fn cause(mut self, kind: impl Into<String>, count: u32) -> Self {
        let kind = kind.into();
        // A name may stand only once in a JSON object: the server refuses one that stands twice.
        match self.causes.iter_mut().find(|known| known.0 == kind) {
            Some(known) => known.1 = known.1.saturating_add(count),
            None => self.causes.push((kind, count)),
        }
        self
    }
}

impl StatsEvent {
    const LEAVES_AT_ONCE: bool = false;

    /// `breaker` is in this state.
    pub fn new(breaker: impl Into<String>, state: State) -> StatsEvent {
        StatsEvent {
            state,
            ..StatsEvent::bare(breaker.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_has_its_public_names() {
        let event = TransitionEvent::new("claude-sonnet", State::Open)
            .from(State::HalfOpen)
            .seq(4)
            .reason("62% of 50 calls failed")
            .cause("overloaded", 24)
            .cause("timeout", 5)
            .at_ms(9)
            .id("t-1")
            .environment("prod")
            .service("chat-api")
            .provider("anthropic")
            .model("claude-sonnet")
            .deployment("us-east-1")
            .instance("api-3")
            .kind(BreakerKind::FailureRate)
            .degraded(false)
            .failure_rate(0.62)
            .failure_threshold(0.5)
            .slow_rate(f64::NAN)
            .slow_threshold(0.8)
            .window_calls(50)
            .window_failures(31)
            .not_permitted(41)
            .retry_at_ms(30_009)
            .trials_done(3)
            .trials_needed(5)
            .label("zone", "x");
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            serde_json::json!({
                "type": "breaker", "breaker": "claude-sonnet", "to": "open", "from": "half_open", "seq": 4,
                "reason": "62% of 50 calls failed", "causes": {"overloaded": 24, "timeout": 5}, "time": 9,
                "id": "t-1", "environment": "prod", "service": "chat-api", "provider": "anthropic",
                "model": "claude-sonnet", "deployment": "us-east-1", "instance": "api-3", "kind": "failure_rate",
                "degraded": false, "failure_rate": 0.62, "failure_threshold": 0.5, "slow_threshold": 0.8,
                "window_calls": 50, "window_failures": 31, "not_permitted": 41, "retry_at": 30_009,
                "trials_done": 3, "trials_needed": 5, "labels": {"zone": "x"}
            })
        );
    }

    #[test]
    fn a_cause_told_twice_adds_up() {
        let event = TransitionEvent::new("b", State::Open)
            .cause("timeout", 2)
            .cause("reset", 1)
            .cause("timeout", 3);
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.contains(r#""causes":{"timeout":5,"reset":1}"#), "{json}");
    }

    #[test]
    fn bare_events_have_only_what_is_required() {
        assert_eq!(
            serde_json::to_string(&TransitionEvent::new("b", State::ForcedOpen)).unwrap(),
            r#"{"type":"breaker","breaker":"b","to":"forced_open"}"#
        );
        assert_eq!(
            serde_json::to_string(&StatsEvent::new("b", State::MetricsOnly)).unwrap(),
            r#"{"type":"breaker_stats","breaker":"b","state":"metrics_only"}"#
        );
    }
}
