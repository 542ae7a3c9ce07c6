//! What is capped and how near we are: memory, journal, each rung.

use std::sync::atomic::Ordering;

use domain::rollup::{KeptLabels, Rung};
use protocol::limits::{Limit, LimitUnit, Limits};
use store::{StoreError, SystemScope};

use crate::RungLimits;
use crate::config::Stores;
use crate::metrics::Counters;
use crate::tenants::Tenant;

/// What the figures are compared to.
pub(crate) struct Caps<'a> {
    pub now: i64,
    /// Bytes of requests that are being taken in, and how many there may be.
    pub in_flight: (u64, u64),
    pub journal_keep: i64,
    pub journal_max_bytes: u64,
    pub rungs: &'a [RungLimits; 4],
}

pub(crate) async fn read(
    stores: &Stores,
    system: &SystemScope,
    tenant: &Tenant,
    caps: Caps<'_>,
    counters: &Counters,
) -> Result<Limits, StoreError> {
    let counted = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let mut items = vec![series(tenant, counted(&counters.folded))];
    items.extend(labels(tenant));
    let journal = stores.journal.usage(system).await?;
    items.push(Limit {
        name: "journal_bytes".into(),
        title: "Journal: every event, for days".into(),
        used: journal.bytes,
        cap: Some(caps.journal_max_bytes),
        unit: LimitUnit::Bytes,
        at_cap: "The oldest whole days are dropped; figures stay.".into(),
        setting: "retention.journal_max_mib".into(),
        folded_calls: None,
        chosen: false,
        oldest: journal.oldest,
        kept_ms: Some(caps.journal_keep),
    });
    let usage = stores.rollups.rollup_usage(system, &tenant.id).await?;
    for limits in caps.rungs {
        let used = usage.iter().find(|usage| usage.rung == limits.rung);
        let (short, long) = names(limits.rung);
        items.push(Limit {
            name: format!("rung_{short}_bytes"),
            title: long.into(),
            used: used.map_or(0, |used| used.bytes),
            cap: Some(limits.max_bytes),
            unit: LimitUnit::Bytes,
            at_cap: "The oldest buckets are dropped; coarser ones stay.".into(),
            setting: format!("retention.rung_{short}_max_mib"),
            folded_calls: None,
            chosen: false,
            oldest: used.and_then(|used| used.oldest),
            kept_ms: limits.kept,
        });
    }
    let (used, cap) = caps.in_flight;
    items.push(Limit {
        name: "in_flight_bytes".into(),
        title: "Requests being taken in".into(),
        used,
        cap: Some(cap),
        unit: LimitUnit::Bytes,
        at_cap: "Further requests are answered 503 and come again.".into(),
        setting: "limits.in_flight_mib".into(),
        folded_calls: None,
        chosen: false,
        oldest: None,
        kept_ms: None,
    });
    Ok(Limits {
        as_of: caps.now,
        items,
        folded_calls: counted(&counters.folded),
        freed_bytes: counted(&counters.journal_freed) + counted(&counters.rollups_freed),
    })
}

fn series(tenant: &Tenant, folded: u64) -> Limit {
    let (used, cap) = tenant.live().series_and_cap();
    Limit {
        name: "series".into(),
        title: "Series: provider × model × deployment × service × environment × operation × kept labels"
            .into(),
        used: used as u64,
        cap: Some(cap as u64),
        unit: LimitUnit::Count,
        at_cap: "Calls of further series count as `__other__` of their provider.".into(),
        setting: "limits.series".into(),
        folded_calls: Some(folded),
        chosen: false,
        oldest: None,
        kept_ms: None,
    }
}

/// How many labels are kept, and how many values each has.
fn labels(tenant: &Tenant) -> impl Iterator<Item = Limit> {
    let kept = tenant.live().kept_labels();
    let limit = |name, title, used: usize, cap: usize| Limit {
        name,
        title,
        used: used as u64,
        cap: Some(cap as u64),
        unit: LimitUnit::Count,
        at_cap: "Calls with further values count as `__other__`.".into(),
        setting: "series.kept_labels".into(),
        folded_calls: None,
        chosen: false,
        oldest: None,
        kept_ms: None,
    };
    let count = Limit {
        at_cap: "Further labels are in single calls only.".into(),
        chosen: true,
        ..limit(
            "kept_labels".into(),
            "Labels kept as dimensions of history".into(),
            kept.len(),
            KeptLabels::MOST,
        )
    };
    let values = kept.into_iter().map(move |(name, values, folded)| Limit {
        folded_calls: Some(folded),
        ..limit(
            ["label_values.", &name].concat(),
            ["Values of the label ", &name].concat(),
            values,
            KeptLabels::MOST_VALUES,
        )
    });
    [count].into_iter().chain(values)
}

fn names(rung: Rung) -> (&'static str, &'static str) {
    match rung {
        Rung::TenSeconds => ("10s", "Buckets of 10 seconds"),
        Rung::Minute => ("1m", "Buckets of a minute"),
        Rung::Hour => ("1h", "Buckets of an hour"),
        Rung::Day => ("1d", "Buckets of a day"),
    }
}
