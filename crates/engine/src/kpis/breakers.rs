//! What breakers of each provider did, from their stored transitions: how often they opened, for how long, in which hours.
//!
//! A breaker counts as a whole, as on its own page: at each moment the worst of its instances. An hour's figure is that of the
//! longest open breaker, so that ten breakers for one provider are not ten hours in an hour. Of a filter those terms count
//! that breakers have; a model is none of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::breaker::history::Segment;
use domain::breaker::{BreakerId, State};
use protocol::query::BREAKER_DIMENSIONS;
use protocol::view::Breaker;
use protocol::{Filter, Span};
use store::{StoreError, TenantScope, TransitionRow};

use super::ask::HOUR;
use crate::Engine;
use crate::live::Held;
use crate::names::Names;
use crate::pages::tracks::{self, History};

/// Transitions of the period that are read, the newest; a row costs some 10 µs.
const MOST: usize = 30_000;

/// What breakers of a provider did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OfProvider {
    pub opened: u64,
    /// Added up over its breakers.
    pub open_ms: Millis,
    /// Hours from the period's beginning, and for how long the longest open breaker was open in it.
    pub hours: BTreeMap<u32, u32>,
}

/// What breakers did in a period, by provider.
#[derive(Debug, Default)]
pub(super) struct Opened {
    providers: BTreeMap<String, OfProvider>,
    /// Nothing is left out.
    pub complete: bool,
}

impl Opened {
    pub async fn read(
        engine: &Engine,
        scope: &TenantScope,
        filter: &Filter,
        (from, to): (Millis, Millis),
    ) -> Result<Opened, StoreError> {
        if from >= to {
            return Ok(Opened {
                complete: true,
                ..Opened::default()
            });
        }
        let (now, span) = (engine.clock().now(), Span { from, to });
        let tenant = engine.tenant(scope);
        let (held, renames) = {
            let live = tenant.live();
            (live.held(now, None), live.renames())
        };
        let filter = renames.filter(&of_breakers(filter));
        let held: BTreeMap<BreakerId, Held> = held
            .into_iter()
            .map(|mut held| {
                renames.shown(&mut held.row);
                (held.id, held)
            })
            .collect();
        let log = tracks::log(engine, scope, &tenant, None, span, MOST).await?;
        let covered = tracks::covered(span, &log, now);
        let mut by_breaker: BTreeMap<BreakerId, Vec<&TransitionRow>> = BTreeMap::new();
        for row in &log.rows {
            by_breaker.entry(row.breaker).or_default().push(row);
        }
        let mut opened = Opened {
            complete: log.complete_from <= from,
            ..Opened::default()
        };
        // Those that are forgotten left their transitions.
        let all: BTreeSet<BreakerId> = held.keys().chain(by_breaker.keys()).copied().collect();
        for id in all {
            let rows = by_breaker.get(&id).map_or(&[][..], Vec::as_slice);
            let held = held.get(&id);
            let Some(provider) = provider(rows, held, &filter) else {
                continue;
            };
            let instances = held.map_or(&[][..], |held| held.instances.as_slice());
            let history = History::of(rows, instances, &covered);
            let figures = history.figures();
            let place = opened.providers.entry(provider).or_default();
            place.opened += u64::from(figures.opened);
            place.open_ms += figures.open_ms;
            for (hour, ms) in hours(&history.worst.segments, from) {
                let longest = place.hours.entry(hour).or_default();
                *longest = ms.max(*longest);
            }
        }
        Ok(opened)
    }

    pub fn of(&self, provider: &str) -> Option<&OfProvider> {
        self.providers.get(provider)
    }

    /// Providers that have breakers.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.providers.keys().map(String::as_str)
    }
}

/// The terms that breakers have.
fn of_breakers(filter: &Filter) -> Filter {
    let foreign = |key: &&str| !BREAKER_DIMENSIONS.contains(key);
    let keys: Vec<String> = {
        let keys = filter.terms().iter().filter_map(protocol::filter::Term::key);
        keys.filter(foreign).map(str::to_owned).collect()
    };
    keys.iter()
        .fold(filter.clone(), |filter, key| filter.without(key))
}

/// The provider of a breaker that the filter shows.
fn provider(rows: &[&TransitionRow], held: Option<&Held>, filter: &Filter) -> Option<String> {
    if let Some(held) = held {
        return shows(&held.row, filter).then(|| held.row.provider.clone());
    }
    let newest = rows.last().filter(|row| Names::of(row).pass(filter))?;
    let named = rows.iter().rev().find(|row| !row.provider.is_empty());
    Some(named.unwrap_or(newest).provider.clone())
}

fn shows(row: &Breaker, filter: &Filter) -> bool {
    let value = |dimension: &str| match dimension {
        "provider" => row.provider.as_str(),
        "service" => row.service.as_str(),
        "environment" => row.environment.as_str(),
        "deployment" => row.deployment.as_str(),
        "breaker" => row.breaker.as_str(),
        _ => "",
    };
    filter.matches(
        |dimension| Some(value(dimension)),
        || BREAKER_DIMENSIONS.iter().map(|dimension| value(dimension)),
    )
}

/// For how long it was open in each hour from a moment on, hours without left out.
fn hours(segments: &[Segment], from: Millis) -> BTreeMap<u32, u32> {
    let mut hours: BTreeMap<u32, u32> = BTreeMap::new();
    for open in segments.iter().filter(|segment| segment.state == State::Open) {
        let mut at = open.start.max(from);
        while at < open.end {
            let hour = (at - from) / HOUR;
            let next = (from + (hour + 1) * HOUR).min(open.end);
            // An hour has fewer milliseconds than fit, and a year fewer hours.
            if let (Ok(hour), Ok(ms)) = (u32::try_from(hour), u32::try_from(next - at)) {
                *hours.entry(hour).or_default() += ms;
            }
            at = next;
        }
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_open_is_spread_over_hours() {
        let segment = |start, end, state| Segment { start, end, state };
        let segments = [
            segment(0, HOUR / 2, State::Open),
            segment(HOUR / 2, 2 * HOUR - 5, State::HalfOpen),
            segment(2 * HOUR - 5, 4 * HOUR + 1, State::Open),
        ];
        let found: Vec<(u32, u32)> = hours(&segments, 0).into_iter().collect();
        assert_eq!(
            found,
            [(0, 1_800_000), (1, 5), (2, 3_600_000), (3, 3_600_000), (4, 1)]
        );
    }

    #[test]
    fn terms_that_breakers_do_not_have_are_left_out() {
        let known = ["service", "model", "environment"];
        let filter = Filter::parse("service:chat model:~gpt environment:!dev", &known).unwrap();
        assert_eq!(of_breakers(&filter).to_string(), "service:chat environment:!dev");
    }
}
