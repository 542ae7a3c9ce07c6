//! What breakers did over a range, from their transitions and from what live state holds now.
//!
//! An instance that did not change since the range began left no transition in it: live state says what it is in. One
//! that did says by its first transition what it was in before. So nothing before the range needs to be read.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use domain::Millis;
use domain::breaker::BreakerId;
use domain::breaker::history::{StoredTransition, Track, disagreement, tracks, worst};
use protocol::Span;
use protocol::view::BreakerFigures;
use store::{StoreError, TenantScope, TransitionRow};

use crate::history::{self, Log, Stretch};
use crate::live::HeldInstance;
use crate::tenants::Tenant;

/// The part of a range that has passed and whose transitions are all known.
pub(crate) fn covered(span: Span, log: &Log, now: Millis) -> Range<Millis> {
    let from = span.from.max(log.complete_from);
    from..span.to.min(now).max(from)
}

/// The transitions of a range, and those since: an instance whose first one came later says by it what it was in.
pub(crate) async fn log(
    engine: &crate::Engine,
    scope: &TenantScope,
    tenant: &Tenant,
    breaker: Option<BreakerId>,
    span: Span,
    most: usize,
) -> Result<Log, StoreError> {
    let within = Stretch {
        breaker,
        from: span.from,
        to: span.to,
        most,
    };
    let since = Stretch {
        from: span.to,
        to: Millis::MAX,
        ..within
    };
    let mut log = history::read(engine.stores(), scope, tenant, within).await?;
    let since = history::read(engine.stores(), scope, tenant, since).await?;
    log.rows.extend(since.rows);
    Ok(log)
}

/// What one breaker did.
pub(crate) struct History {
    /// By instance.
    pub tracks: BTreeMap<String, Track>,
    /// At each moment the worst of the live instances.
    pub worst: Track,
}

impl History {
    /// From its transitions, oldest first, and its instances as they are now.
    pub fn of(rows: &[&TransitionRow], held: &[HeldInstance], covered: &Range<Millis>) -> History {
        let told: HashSet<&str> = rows.iter().map(|row| row.instance.as_str()).collect();
        let known = |instance: &HeldInstance| told.contains(instance.name.as_str());
        let mut start = BTreeMap::new();
        let mut stored: Vec<StoredTransition<'_>> = rows.iter().map(|row| transition(row)).collect();
        for instance in held.iter().filter(|instance| !known(instance)) {
            if instance.since <= covered.start {
                start.insert(instance.name.as_str(), instance.state);
            } else {
                stored.push(StoredTransition {
                    at: instance.since,
                    instance: &instance.name,
                    from: None,
                    to: instance.state,
                    cause: "",
                    lasted: None,
                });
            }
        }
        stored.sort_by_key(|transition| transition.at);
        let tracks: BTreeMap<String, Track> = tracks(stored, &start, covered.clone())
            .into_iter()
            .map(|(name, track)| (name.to_owned(), track))
            .collect();
        History {
            worst: worst(tracks.values()),
            tracks,
        }
    }

    /// The figures of the breaker as a whole.
    pub fn figures(&self) -> BreakerFigures {
        let summary = self.worst.summary();
        let (top_cause, top_cause_count) = summary.top_cause.unwrap_or_default();
        BreakerFigures {
            opened: summary.opened,
            reopened: summary.reopened,
            open_ms: summary.open_ms,
            longest_ms: summary.longest_ms,
            still_open: summary.still_open,
            top_cause,
            top_cause_count,
            disagreed_ms: disagreement(self.tracks.values()),
        }
    }
}

fn transition(row: &TransitionRow) -> StoredTransition<'_> {
    StoredTransition {
        at: row.at,
        instance: &row.instance,
        from: row.from,
        to: row.to,
        cause: &row.cause,
        lasted: row.lasted,
    }
}
