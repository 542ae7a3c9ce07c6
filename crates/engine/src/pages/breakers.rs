//! The Breakers page over a range.
//!
//! Deliberately absent: breakers that are forgotten (silent for a day). Their transitions stay, and their own page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use domain::Millis;
use domain::breaker::BreakerId;
use protocol::Span;
use protocol::view::{BreakerRow, Breakers, HISTORY_CELLS, InstanceState, MAX_NAMED};
use store::{TenantScope, TransitionRow};

use super::PageError;
use super::strips::letters;
use super::tracks::{self, History};
use crate::live::{Held, HeldInstance};
use crate::{Engine, wire};

/// Transitions of the range that are read, the newest: a page must be there in a moment, and a row costs some 10 µs.
const MOST: usize = 30_000;

impl Engine {
    /// Every breaker over a range in Grafana's grammar, or those of one name; the worst first.
    ///
    /// # Errors
    /// See [`PageError`]: the range makes no sense, or the store cannot be read.
    pub async fn breakers(
        &self,
        scope: &TenantScope,
        from: &str,
        to: &str,
        name: Option<&str>,
    ) -> Result<Breakers, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let span = Span::parse(from, to, now, zone)?;
        let tenant = self.tenant(scope);
        let held = tenant.live().held(now, name);
        // One breaker's transitions are found by an index.
        let only = match held.as_slice() {
            [one] => Some(one.id),
            _ => None,
        };
        let log = if held.is_empty() {
            crate::history::Log::default()
        } else {
            tracks::log(self, scope, &tenant, only, span, MOST).await?
        };
        let covered = tracks::covered(span, &log, now);
        let mut by_breaker: BTreeMap<BreakerId, Vec<&TransitionRow>> = BTreeMap::new();
        for row in &log.rows {
            by_breaker.entry(row.breaker).or_default().push(row);
        }
        let mut rows: Vec<BreakerRow> = held
            .into_iter()
            .map(|held| {
                let told = by_breaker.get(&held.id).map_or(&[][..], Vec::as_slice);
                let history = History::of(told, &held.instances, &covered);
                let strip = letters(&history.worst, span.from..span.to, HISTORY_CELLS, span, &covered);
                row(held, &history, strip)
            })
            .collect();
        rows.sort_by_cached_key(place);
        Ok(Breakers {
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            read_from: log.complete_from.max(span.from),
            rows,
        })
    }
}

fn row(held: Held, history: &History, strip: String) -> BreakerRow {
    let mut instances = held.instances;
    let worst_first = |instance: &HeldInstance| Reverse(instance.state.severity());
    instances.sort_by_key(worst_first);
    instances.truncate(MAX_NAMED);
    let state = |instance: HeldInstance| InstanceState {
        instance: instance.name,
        state: wire::state(instance.state),
    };
    BreakerRow {
        breaker: held.row,
        instances: instances.into_iter().map(state).collect(),
        figures: history.figures(),
        strip,
    }
}

/// The worst state first; of equals, those that disagree, then what was open for longest, then by name.
fn place(row: &BreakerRow) -> (Reverse<u8>, bool, Reverse<Millis>, Reverse<u32>, [String; 5]) {
    let breaker = &row.breaker;
    (
        Reverse(wire::severity(breaker.state)),
        breaker.agree && !breaker.degraded,
        Reverse(row.figures.open_ms),
        Reverse(row.figures.opened),
        [
            &breaker.provider,
            &breaker.breaker,
            &breaker.environment,
            &breaker.service,
            &breaker.deployment,
        ]
        .map(String::clone),
    )
}
