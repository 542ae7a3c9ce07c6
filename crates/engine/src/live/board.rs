//! The board at one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Millis;
use domain::breaker::{Breaker, BreakerId, State};
use domain::rollup::Bucket;
use domain::verdict::{BreakerVerdict, VerdictInput};
use domain::window::Ring;
use protocol::Range;
use protocol::view::{self, Board, Level, Provider};

use super::figures::{TARGET, dollars, to_ms};
use super::{TenantLive, charts, figures, providers};
use crate::wire;

/// Without an event for so long the verdict says so.
const SILENT: Millis = 60_000;
/// Simulated traffic is mentioned while it is part of the longest live range.
pub(super) const SIMULATED: Millis = 3_600_000;
/// A fallback share above this is "failing over".
const FAILING_OVER: f64 = 0.05;
const MINUTE: Millis = 60_000;
/// Availability under these lowers a provider's level, given enough attempts.
const LOOK: f64 = 0.98;
const ACT: f64 = 0.80;
const ENOUGH: u64 = 20;

/// Provider figures by range, for the second they were computed in.
pub(super) type ProviderCache = HashMap<Range, (Millis, BTreeMap<String, ProviderFigures>)>;

impl TenantLive {
    /// The board over a range; `points` only when asked for.
    pub fn board(&mut self, range: Range, now: Millis, with_points: bool) -> Board {
        let kpis = figures::kpis(&mut self.figures, &self.totals, range, now, self.first_event);
        let points = if with_points {
            charts::points(&mut self.charts, &self.totals, range, now)
        } else {
            Vec::new()
        };
        let breakers = self.breaker_rows(now);
        Board {
            now,
            range,
            verdict: self.verdict(now),
            kpis,
            providers: self.provider_rows(range, now, &breakers),
            breakers,
            feed: self
                .transitions
                .feed()
                .filter(|row| self.is_shown(row))
                .map(wire::feed)
                .collect(),
            points,
            last_event: self.last_event,
            simulated: self.is_simulated(now),
        }
    }

    fn breaker_rows(&self, now: Millis) -> Vec<view::Breaker> {
        let mut rows: Vec<view::Breaker> = self
            .shown()
            .map(|breaker| self.breaker_row(&breaker, now))
            .collect();
        rows.sort_by(|a, b| {
            let key = |row: &view::Breaker| {
                (
                    row.provider.clone(),
                    row.breaker.clone(),
                    row.environment.clone(),
                    row.service.clone(),
                    row.deployment.clone(),
                )
            };
            key(a).cmp(&key(b))
        });
        rows
    }

    /// One fuse. What the worst instance reported wins; without it, calls that name the breaker speak.
    pub(super) fn breaker_row(&self, breaker: &Breaker, now: Millis) -> view::Breaker {
        let minute = self.calls.minute(breaker.id, now);
        let computed = (minute.calls > 0).then(|| minute.failures as f64 / minute.calls as f64);
        wire::breaker(
            breaker,
            now,
            computed,
            u32::try_from(minute.calls).unwrap_or(u32::MAX),
        )
    }

    /// Rails. Figures are computed once a second; the level follows breakers at once.
    fn provider_rows(&mut self, range: Range, now: Millis, breakers: &[view::Breaker]) -> Vec<Provider> {
        let mut names: BTreeSet<&str> = self.providers.names().collect();
        names.extend(breakers.iter().map(|breaker| breaker.provider.as_str()));
        let second = now - now.rem_euclid(1_000);
        let cached = self.provider_figures.entry(range).or_default();
        if cached.0 != second {
            *cached = (second, BTreeMap::new());
        }
        let rows = names.into_iter().map(|name| {
            let figures = cached.1.entry(name.to_owned()).or_insert_with(|| {
                let ring = self.providers.get(name).map(|row| &row.tens);
                ProviderFigures::compute(ring, range, second, self.first_event)
            });
            Provider {
                id: providers::id(name),
                name: name.to_owned(),
                level: provider_level(name, figures, breakers),
                rate: figures.rate,
                p95_ms: figures.p95_ms,
                cost_per_call: figures.cost_per_call,
                success: figures.success,
            }
        });
        rows.collect()
    }

    fn verdict(&self, now: Millis) -> view::Verdict {
        let minute = self.totals.seconds.sum(now - MINUTE, now + 1_000);
        let over = minute.fallback_share().is_some_and(|share| share > FAILING_OVER);
        let shown: Vec<_> = self.shown().collect();
        let breakers = shown.iter().map(|breaker| BreakerVerdict {
            name: &breaker.key.breaker,
            provider: &breaker.provider,
            state: breaker.worst(),
            partly: !breaker.is_open_majority() && matches!(breaker.worst(), State::Open | State::ForcedOpen),
        });
        let verdict = domain::verdict::verdict(&VerdictInput {
            stale: false,
            has_data: self.last_event.is_some(),
            silent_for: self.last_event.map(|at| now - at).filter(|age| *age > SILENT),
            breakers: breakers.collect(),
            failing_over: if over { self.totals.failing_over(now) } else { None },
            answered: minute.answered(MINUTE),
            target: TARGET,
        });
        wire::verdict(verdict)
    }

    /// One breaker by id.
    pub(super) fn registered(&self, id: BreakerId) -> Option<&Breaker> {
        self.registry.get(id)
    }
}

/// A provider's figures over a range.
#[derive(Default)]
pub(super) struct ProviderFigures {
    attempts: u64,
    rate: f64,
    p95_ms: Option<f64>,
    cost_per_call: Option<f64>,
    success: Option<f64>,
    availability: Option<f64>,
}

impl ProviderFigures {
    fn compute(
        ring: Option<&Ring<Bucket>>,
        range: Range,
        second: Millis,
        first_event: Option<Millis>,
    ) -> ProviderFigures {
        let Some(ring) = ring else {
            return ProviderFigures::default();
        };
        let end = second - second.rem_euclid(10_000) + 10_000;
        let from = end - range.seconds() * 1_000;
        let calls = ring.sum(from, end);
        // The open bucket counts for the part of it that has passed.
        let seconds = figures::observed_seconds(from, second, first_event);
        ProviderFigures {
            attempts: calls.attempts(),
            rate: calls.attempts() as f64 / seconds,
            p95_ms: calls.latency.quantile(0.95).map(to_ms),
            cost_per_call: (calls.priced > 0).then(|| dollars(calls.cost) / calls.priced as f64),
            success: calls.attempt_success(),
            availability: calls.availability(false),
        }
    }
}

fn provider_level(name: &str, figures: &ProviderFigures, breakers: &[view::Breaker]) -> Level {
    let mut level = if figures.attempts == 0 {
        Level::Unknown
    } else {
        Level::Ok
    };
    for breaker in breakers.iter().filter(|breaker| breaker.provider == name) {
        level = level.max(match breaker.state {
            view::State::Open => Level::Act,
            view::State::HalfOpen | view::State::ForcedOpen => Level::Attention,
            view::State::Unknown => Level::Unknown,
            view::State::Closed | view::State::Disabled | view::State::MetricsOnly => Level::Ok,
        });
    }
    if figures.attempts >= ENOUGH
        && let Some(availability) = figures.availability
    {
        if availability < ACT {
            level = Level::Act;
        } else if availability < LOOK {
            level = level.max(Level::Attention);
        }
    }
    level
}
