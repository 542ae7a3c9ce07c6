//! From the words of the domain to the words of the SDK.

use domain::breaker::{CoreTransition, Settings, State, Why};
use domain::event::BreakerFigures;
use domain::{Millis, Outcome};
use fuseboard_client::{BreakerKind, CallEvent, Operation, StatsEvent, TransitionEvent};

use super::attempt::Ended;
use super::fleet::{Breaker, Work};

/// Sets what both breaker events have in common.
macro_rules! describe {
    ($event:expr, $breaker:expr, $instance:expr, $figures:expr) => {{
        let (breaker, figures): (&Breaker, &BreakerFigures) = ($breaker, $figures);
        let mut event = $event
            .service(breaker.service)
            .provider(breaker.provider_name())
            .model(breaker.model)
            .instance($instance)
            .kind(BreakerKind::FailureRate);
        if let Some(deployment) = breaker.deployment {
            event = event.deployment(deployment);
        }
        describe!(@set event, figures, failure_rate, failure_threshold, slow_rate, slow_threshold, window_calls,
            window_failures, not_permitted, trials_done, trials_needed);
        if let Some(retry_at) = figures.retry_at {
            event = event.retry_at_ms(retry_at);
        }
        event
    }};
    (@set $event:ident, $figures:ident, $($field:ident),*) => {
        $(if let Some(value) = $figures.$field { $event = $event.$field(value); })*
    };
}

/// A change of state, with what the breaker saw. `forced` is the reason of whoever forced it.
pub fn transition(
    breaker: &Breaker,
    instance: &str,
    change: &CoreTransition,
    settings: &Settings,
    seq: u64,
    forced: Option<&str>,
) -> TransitionEvent {
    let figures = change.figures(settings);
    let mut event = TransitionEvent::new(breaker.name, state(change.to))
        .from(state(change.from))
        .at_ms(change.at)
        .seq(seq)
        .reason(reason(change, settings, forced));
    for (outcome, count) in &change.causes {
        event = event.cause(outcome.as_str(), *count);
    }
    describe!(event, breaker, instance, &figures)
}

/// What a breaker is now.
pub fn stats(
    breaker: &Breaker,
    instance: &str,
    now: State,
    figures: &BreakerFigures,
    at: Millis,
) -> StatsEvent {
    describe!(
        StatsEvent::new(breaker.name, state(now)).at_ms(at),
        breaker,
        instance,
        figures
    )
}

/// An attempt that a breaker refused.
pub fn rejected(breaker: &Breaker, instance: &str, at: Millis) -> CallEvent {
    call(breaker, instance, Outcome::Rejected, at)
}

/// An attempt that ended.
pub fn ended(breaker: &Breaker, instance: &str, ended: &Ended, at: Millis) -> CallEvent {
    let mut event = call(breaker, instance, ended.outcome, at).duration(ended.duration);
    if let Some(ttft) = ended.ttft {
        event = event.ttft(ttft);
    }
    if let Some(status) = ended.status {
        event = event.status(status);
    }
    if let Some(error) = &ended.error {
        event = event.error(error);
    }
    if let Some(id) = &ended.request_id {
        event = event.request_id(id);
    }
    if let Some(tokens) = ended.usage {
        event = event
            .input_tokens(tokens.input)
            .cached_tokens(tokens.cached())
            .output_tokens(tokens.output)
            .reasoning_tokens(tokens.reasoning())
            .cost_usd(tokens.cost(breaker.price));
    }
    event
}

fn call(breaker: &Breaker, instance: &str, how: Outcome, at: Millis) -> CallEvent {
    let event = CallEvent::new(breaker.provider_name(), breaker.model, outcome(how))
        .at_ms(at)
        .service(breaker.service)
        .instance(instance)
        .breaker(breaker.name)
        .operation(match breaker.work {
            Work::Chat { .. } => Operation::Chat,
            Work::Embedding { .. } => Operation::Embedding,
            Work::Rerank { .. } => Operation::Rerank,
        });
    match breaker.deployment {
        Some(deployment) => event.deployment(deployment),
        None => event,
    }
}

fn reason(change: &CoreTransition, settings: &Settings, forced: Option<&str>) -> String {
    let percent = |rate: f64| format!("{:.0}%", rate * 100.0);
    let (failed, calls) = (percent(change.failure_rate.unwrap_or(0.0)), change.window_calls);
    let slow = percent(change.slow_rate.unwrap_or(0.0));
    let trials = change.trials_needed.unwrap_or(0);
    match change.why {
        Why::FailureRate => {
            format!(
                "{failed} of {calls} calls failed, limit {}",
                percent(settings.failure_threshold)
            )
        }
        Why::SlowRate => format!(
            "{slow} of {calls} calls were slower than {} ms",
            settings.slow_after.unwrap_or(0) / 1_000
        ),
        Why::Consecutive => "too many failures in a row".to_owned(),
        Why::Waited => format!(
            "open for {} s, {trials} trial calls decide",
            change.lasted / 1_000
        ),
        Why::TrialsPassed => format!("{trials} trial calls: {failed} failed"),
        Why::TrialsFailed => format!("{trials} trial calls: {failed} failed, {slow} were slow"),
        Why::Forced => forced.unwrap_or("released").to_owned(),
    }
}

fn state(state: State) -> fuseboard_client::State {
    use fuseboard_client::State as Word;
    match state {
        State::Open => Word::Open,
        State::HalfOpen => Word::HalfOpen,
        State::ForcedOpen => Word::ForcedOpen,
        State::Disabled => Word::Disabled,
        State::MetricsOnly => Word::MetricsOnly,
        // A core is never unknown: that is what the board says when it hears nothing.
        State::Closed | State::Unknown => Word::Closed,
    }
}

fn outcome(outcome: Outcome) -> fuseboard_client::Outcome {
    use fuseboard_client::Outcome as Word;
    match outcome {
        Outcome::Ok => Word::Ok,
        Outcome::RateLimited => Word::RateLimited,
        Outcome::Quota => Word::Quota,
        Outcome::Overloaded => Word::Overloaded,
        Outcome::ServerError => Word::ServerError,
        Outcome::Timeout => Word::Timeout,
        Outcome::Network => Word::Network,
        Outcome::Auth => Word::Auth,
        Outcome::BadRequest => Word::BadRequest,
        Outcome::ContentFiltered => Word::ContentFiltered,
        Outcome::Cancelled => Word::Cancelled,
        Outcome::Rejected => Word::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: impl serde::Serialize) -> String {
        serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn domain_and_sdk_use_the_same_words() {
        for value in Outcome::ALL {
            assert_eq!(word(outcome(value)), value.as_str());
        }
        for value in State::ALL.into_iter().filter(|state| *state != State::Unknown) {
            assert_eq!(word(state(value)), value.as_str());
        }
    }
}
