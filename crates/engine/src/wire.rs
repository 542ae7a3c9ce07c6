//! From `domain` to `protocol`: the only place that knows both.

use domain::Millis;
use domain::breaker::{Breaker, Instance, State, strip_text};
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

pub(crate) fn verdict(verdict: domain::verdict::Verdict) -> view::Verdict {
    let level = match verdict.level {
        domain::verdict::Level::Ok => view::Level::Ok,
        domain::verdict::Level::Unknown => view::Level::Unknown,
        domain::verdict::Level::Attention => view::Level::Attention,
        domain::verdict::Level::Act => view::Level::Act,
    };
    view::Verdict {
        level,
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
