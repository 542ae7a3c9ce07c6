//! How long people took: from firing to the first acknowledgement, and to the end, of alerts that fired in a period.
//!
//! Read from the stored timeline of each alert, for an acknowledgement that ran out is gone from the alert itself. Drills are
//! left out. Alerts that nobody acknowledged have no time and are counted beside. Under a filter those count whose labels
//! meet it.

use domain::Millis;
use domain::alert::EventKind;
use protocol::Filter;
use store::{AlertQuery, StoreError, StoredAlert, TenantScope};

use crate::Engine;

/// Alerts read at a time.
const PAGE: usize = 1_000;
/// The most alerts of a period that are looked at, the newest: each takes a reading of its own.
const MOST: usize = 1_000;

/// What a length of time was taken for: when the alert fired, and how long it took.
pub(super) type Took = (Millis, Millis);

/// The alerts of a period.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// How many fired.
    pub fired: u64,
    /// Until somebody had it, of those that somebody had.
    pub acknowledged: Vec<Took>,
    /// Until the end, of those that have ended.
    pub resolved: Vec<Took>,
}

impl Times {
    /// Of alerts that fired in a stretch.
    pub async fn read(
        engine: &Engine,
        scope: &TenantScope,
        filter: &Filter,
        (from, to): (Millis, Millis),
    ) -> Result<Times, StoreError> {
        let alerts = &engine.stores().alerts;
        let mut times = Times::default();
        let (mut before, mut looked_at) = (None, 0);
        while looked_at < MOST {
            let query = AlertQuery {
                from: Some(from),
                to: Some(to),
                before,
                limit: PAGE,
                ..AlertQuery::default()
            };
            let page = alerts.alerts(scope, query).await?;
            for stored in page.iter().filter(|stored| counts(stored, filter)) {
                let fired = stored.alert.fired;
                times.fired += 1;
                if let Some(end) = &stored.alert.resolved {
                    times.resolved.push((fired, (end.at - fired).max(0)));
                }
                // As it was first stored, nobody has done anything to it.
                if stored.version == 1 {
                    continue;
                }
                let events = alerts.alert_events(scope, stored.id).await?;
                let taken = events.iter().map(|stored| &stored.event);
                let mut taken =
                    taken.filter(|event| event.kind == EventKind::Acknowledged && event.at >= fired);
                if let Some(event) = taken.next() {
                    times.acknowledged.push((fired, event.at - fired));
                }
            }
            looked_at += page.len();
            before = page.last().map(|stored| stored.id);
            if page.len() < PAGE {
                break;
            }
        }
        Ok(times)
    }
}

fn counts(stored: &StoredAlert, filter: &Filter) -> bool {
    let alert = &stored.alert;
    let values = || alert.labels.values().map(String::as_str);
    !alert.simulated && filter.matches(|key| alert.labels.get(key).map(String::as_str), values)
}

/// The median of a period.
pub(super) fn typical(took: &[Took]) -> Option<f64> {
    middle(took.iter().map(|(_, took)| *took).collect())
}

/// The medians of those that fired on each day, between midnights.
pub(super) fn by_day(took: &[Took], midnights: &[Millis]) -> Vec<Option<f64>> {
    let day = |edges: &[Millis]| {
        let of_day = took
            .iter()
            .filter(|(fired, _)| (edges[0]..edges[1]).contains(fired));
        middle(of_day.map(|(_, took)| *took).collect())
    };
    midnights.windows(2).map(day).collect()
}

/// The middle one, of an even number the mean of the two.
fn middle(mut took: Vec<Millis>) -> Option<f64> {
    took.sort_unstable();
    let (half, odd) = (took.len() / 2, took.len() % 2 == 1);
    let upper = *took.get(half)? as f64;
    match odd {
        true => Some(upper),
        false => Some((*took.get(half - 1)? as f64 + upper) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_those_that_were_taken() {
        assert_eq!(typical(&[]), None);
        assert_eq!(typical(&[(0, 30), (1, 10), (2, 20)]), Some(20.0));
        assert_eq!(typical(&[(0, 30), (1, 10)]), Some(20.0));
        assert_eq!(
            by_day(&[(5, 30), (12, 10), (19, 50)], &[0, 10, 20, 30]),
            [Some(30.0), Some(30.0), None]
        );
    }
}
