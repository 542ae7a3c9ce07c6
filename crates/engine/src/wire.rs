//! From `domain` to `protocol`: the only place that knows both.

use domain::breaker::{Breaker, Instance, State, strip_text};
use domain::event::{Call, Operation, Tier};
use domain::verdict::Level;
use domain::{Event, Micros, Millis};
use protocol::calls::{CallFallback, CallItem};
use protocol::civil::civil_from_days;
use protocol::view;
use store::TransitionRow;

/// Sub-minute figures are told with so many digits; more would make every frame differ.
const RATE_DIGITS: f64 = 1e4;

pub(crate) fn state(state: State) -> view::State {
    match state {
        State::Closed => view::State::Closed,
        State::Open => view::State::Open,
        State::HalfOpen => view::State::HalfOpen,
        State::ForcedOpen => view::State::ForcedOpen,
        State::Disabled => view::State::Disabled,
        State::MetricsOnly => view::State::MetricsOnly,
        State::Unknown => view::State::Unknown,
    }
}

/// How bad a state is; higher is worse.
pub(crate) fn severity(state: view::State) -> u8 {
    let state = match state {
        view::State::Closed => State::Closed,
        view::State::Open => State::Open,
        view::State::HalfOpen => State::HalfOpen,
        view::State::ForcedOpen => State::ForcedOpen,
        view::State::Disabled => State::Disabled,
        view::State::MetricsOnly => State::MetricsOnly,
        view::State::Unknown => State::Unknown,
    };
    state.severity()
}

/// A time for people who read errors: `2026-11-20T14:28:00Z`.
pub(crate) fn time(at: Millis) -> String {
    let (days, second) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000) / 1_000);
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

pub(crate) fn level(level: Level) -> view::Level {
    match level {
        Level::Ok => view::Level::Ok,
        Level::Unknown => view::Level::Unknown,
        Level::Attention => view::Level::Attention,
        Level::Act => view::Level::Act,
    }
}

/// And back.
pub(crate) fn domain_level(level: view::Level) -> Level {
    match level {
        view::Level::Ok => Level::Ok,
        view::Level::Unknown => Level::Unknown,
        view::Level::Attention => Level::Attention,
        view::Level::Act => Level::Act,
    }
}

pub(crate) fn verdict(verdict: domain::verdict::Verdict) -> view::Verdict {
    view::Verdict {
        level: level(verdict.level),
        lead: verdict.lead,
        rest: verdict.rest,
    }
}

/// A fuse. `computed` is the failure rate of the last minute's calls, used where the breaker reports none.
pub(crate) fn breaker(breaker: &Breaker, now: Millis, computed: Option<f64>, calls: u32) -> view::Breaker {
    let lead = breaker.lead();
    let figures = lead.map(|instance| &instance.figures);
    let rate = figures.and_then(|figures| figures.failure_rate).or(computed);
    view::Breaker {
        key: breaker.id.0,
        id: breaker.id.to_string(),
        breaker: breaker.key.breaker.clone(),
        environment: breaker.key.environment.clone(),
        service: breaker.key.service.clone(),
        deployment: breaker.key.deployment.clone(),
        provider: breaker.provider.clone(),
        model: breaker.model.clone(),
        state: state(breaker.worst()),
        since: breaker.since(),
        counts: breaker
            .counts()
            .into_iter()
            .map(|(kind, count)| (state(kind), count))
            .collect(),
        agree: breaker.agree(),
        dissent: breaker.dissent().into_iter().map(str::to_owned).collect(),
        failure_rate: rate.map(|rate| (rate * RATE_DIGITS).round() / RATE_DIGITS),
        failure_threshold: figures.and_then(|figures| figures.failure_threshold),
        calls,
        retry_at: figures.and_then(|figures| figures.retry_at),
        trials_done: figures.and_then(|figures| figures.trials_done),
        trials_needed: figures.and_then(|figures| figures.trials_needed),
        reason: lead.map(|instance| instance.reason.clone()).unwrap_or_default(),
        shared: breaker.is_shared(),
        degraded: breaker.is_degraded(),
        strip: breaker.strip_text(now),
    }
}

pub(crate) fn instance(instance: &Instance, now: Millis) -> view::InstanceRow {
    view::InstanceRow {
        instance: instance.name.clone(),
        state: state(instance.state),
        since: instance.since,
        failure_rate: instance.figures.failure_rate,
        window_calls: instance.figures.window_calls,
        last_seen: instance.last_seen,
        shared: instance.shared,
        strip: strip_text(&instance.strip(now)),
    }
}

pub(crate) fn feed(row: &TransitionRow) -> view::Feed {
    view::Feed {
        id: row.id,
        at: row.at,
        breaker_key: row.breaker.0,
        breaker: row.key.breaker.clone(),
        provider: row.provider.clone(),
        service: row.key.service.clone(),
        instance: row.instance.clone(),
        from: row.from.map(state),
        to: state(row.to),
        cause: row.cause.clone(),
        lasted_ms: row.lasted,
        inferred: row.inferred,
    }
}

/// A call as it lies in the journal.
pub(crate) fn call(event: &Event, call: &Call, received: Millis) -> CallItem {
    let ms = |time: Micros| time as f64 / 1e3;
    CallItem {
        id: event.id.clone(),
        time: event.time,
        received,
        provider: call.provider.clone(),
        model: call.model.clone(),
        response_model: call.response_model.clone(),
        outcome: call.outcome().as_str().to_owned(),
        duration_ms: call.duration.map(ms),
        ttft_ms: call.ttft.map(ms),
        status: call.status,
        error: call.error.clone(),
        service: call.service.clone(),
        environment: call.environment.clone(),
        deployment: call.deployment.clone(),
        instance: call.instance.clone(),
        operation: call.operation.map(Operation::as_str).map(str::to_owned),
        breaker: call.breaker.clone(),
        attempt: call.attempt,
        fallback_from: call.fallback_from.as_ref().map(|from| CallFallback {
            provider: from.provider.clone(),
            model: from.model.clone(),
        }),
        weight: call.weight,
        input_tokens: call.input_tokens,
        cached_tokens: call.cached_tokens,
        cache_write_tokens: call.cache_write_tokens,
        output_tokens: call.output_tokens,
        reasoning_tokens: call.reasoning_tokens,
        cost_usd: call.cost.map(|nano| nano as f64 / 1e9),
        cost_estimated: call.cost_estimated,
        tier: call.tier.map(Tier::as_str).map(str::to_owned),
        trace_id: call.trace_id.clone(),
        request_id: call.request_id.clone(),
        labels: call.labels.iter().cloned().collect(),
    }
}
