//! `fuseboard journal verify`: the stored 10 s buckets (partials and chunks) must be exactly what the journal adds up to, up to the offset
//! that the checkpoint contains. Sums are compared per (bucket, provider): folding a series above the cap keeps both.

use std::collections::{BTreeMap, HashSet};

use domain::event::EventBody;
use domain::rollup::{Bucket, Rung};
use domain::{Millis, Outcome};
use serde_json::{Value, json};
use store::{ChunkParts, Offset, PartialRow, SystemScope, TenantId, rows_of};

use super::CliError;
use super::journal::BATCHES;
use crate::auth;
use crate::stores::OpenStores;

type Sums = BTreeMap<(Millis, String), Bucket>;

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    batches: u64,
    events: u64,
    ids: u64,
    duplicate_ids: u64,
    /// Calls in the journal up to `applied`, weighted.
    weighted_calls: u64,
    /// Calls in the stored partials.
    partials_calls: u64,
    applied: u64,
    head: u64,
    /// The first batch is the journal's first: nothing was dropped by retention.
    whole: bool,
    /// Places where the sums differ, at most ten.
    differences: Vec<String>,
}

impl Report {
    /// Nothing is lost and nothing counted twice.
    pub fn ok(&self) -> bool {
        self.duplicate_ids == 0 && self.differences.is_empty() && self.applied <= self.head
    }

    /// As printed.
    pub fn json(&self) -> Value {
        json!({
            "batches": self.batches,
            "events": self.events,
            "ids": self.ids,
            "duplicate_ids": self.duplicate_ids,
            "weighted_calls": self.weighted_calls,
            "partials_calls": self.partials_calls,
            "applied": self.applied,
            "head": self.head,
            "whole": self.whole,
            "differences": self.differences,
            "ok": self.ok(),
        })
    }
}

/// Reads everything and compares.
pub async fn verify(opened: &OpenStores) -> Result<Report, CliError> {
    let tenant = TenantId::default_tenant();
    let system = opened.system();
    let journal = &opened.stores.journal;
    let head = journal.head(&system).await?;
    let checkpoint = opened.stores.live.checkpoint(&system, &tenant).await?;
    let applied = checkpoint
        .filter(|stored| stored.writer == head.writer)
        .map_or(0, |stored| stored.applied);
    let mut report = Report {
        applied,
        head: head.seq,
        whole: true,
        ..Report::default()
    };
    let mut expected = Sums::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut from = Offset {
        writer: head.writer,
        seq: 0,
    };
    loop {
        let batches = journal.read_after(&system, from, BATCHES).await?;
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            break;
        };
        if from.seq == 0 {
            report.whole = first.offset.seq == 1;
        }
        from = last.offset;
        for batch in batches.iter().filter(|batch| batch.tenant == tenant) {
            report.batches += 1;
            for event in &batch.events {
                report.events += 1;
                if let Some(id) = &event.id {
                    report.ids += 1;
                    report.duplicate_ids += u64::from(!seen.insert(id.clone()));
                }
                if let EventBody::Call(call) = &event.body
                    && batch.offset.seq <= applied
                {
                    report.weighted_calls += u64::from(call.weight.max(1));
                    let bucket = Rung::TenSeconds.bucket(event.time).unwrap_or(event.time);
                    expected
                        .entry((bucket, call.provider.clone()))
                        .or_default()
                        .add(call);
                }
            }
        }
    }
    let rows = ten_seconds(opened, &system, &tenant).await?;
    let mut stored = Sums::new();
    for row in rows {
        report.partials_calls += calls(&row.stats);
        stored
            .entry((row.bucket, row.series.provider))
            .or_default()
            .merge(&row.stats);
    }
    if report.whole {
        report.differences = differences(&expected, &stored);
    }
    Ok(report)
}

/// Everything the 10 s rung holds: partials and chunks.
async fn ten_seconds(
    opened: &OpenStores,
    system: &SystemScope,
    tenant: &TenantId,
) -> Result<Vec<PartialRow>, CliError> {
    let rollups = &opened.stores.rollups;
    let mut rows = rollups.uncompacted(system, tenant).await?;
    let scope = auth::by_command_line(tenant.clone());
    let read = rollups
        .chunks(
            &scope,
            Rung::TenSeconds,
            Millis::MIN,
            Millis::MAX,
            ChunkParts::ALL,
        )
        .await?;
    rows.extend(rows_of(&read.chunks)?);
    Ok(rows)
}

fn calls(bucket: &Bucket) -> u64 {
    debug_assert_eq!(Outcome::COUNT, Outcome::ALL.len());
    bucket.nonzero().map(|(_, _, count)| count).sum()
}

fn differences(expected: &Sums, stored: &Sums) -> Vec<String> {
    let empty = Bucket::default();
    let places: std::collections::BTreeSet<_> = expected.keys().chain(stored.keys()).collect();
    places
        .into_iter()
        .filter_map(|place| {
            let wanted = expected.get(place).unwrap_or(&empty);
            let found = stored.get(place).unwrap_or(&empty);
            (!same(wanted, found)).then(|| {
                let (bucket, provider) = place;
                format!(
                    "{bucket} {provider}: the journal has {} calls, the partials {}",
                    calls(wanted),
                    calls(found)
                )
            })
        })
        .take(10)
        .collect()
}

/// The stored sums are what the journal adds up to. What was written before sums knew what a cost went to lacks that, or
/// a part of it where calls of both times met in one bucket; all else must be exact.
fn same(wanted: &Bucket, found: &Bucket) -> bool {
    if wanted == found {
        return true;
    }
    let lacks = found
        .spent()
        .into_iter()
        .zip(wanted.spent())
        .all(|(found, wanted)| found <= wanted);
    let mut completed = found.clone();
    for (amount, wanted) in completed.spent_mut().into_iter().zip(wanted.spent()) {
        *amount = wanted;
    }
    lacks && completed == *wanted
}

#[cfg(test)]
mod tests {
    use domain::event::Call;

    use super::*;

    fn bucket(durations: &[u64]) -> Bucket {
        let mut bucket = Bucket::default();
        for duration in durations {
            bucket.add(&Call {
                duration: Some(*duration),
                weight: 1,
                ..Call::default()
            });
        }
        bucket
    }

    #[test]
    fn a_lost_a_doubled_and_a_changed_call_are_differences() {
        let at = |provider: &str| (0, provider.to_owned());
        let journal = Sums::from([
            (at("a"), bucket(&[100])),
            (at("b"), bucket(&[100])),
            (at("c"), bucket(&[100])),
        ]);
        let same = differences(&journal, &journal);
        assert!(same.is_empty(), "{same:?}");
        let stored = Sums::from([(at("b"), bucket(&[100, 100])), (at("c"), bucket(&[200]))]);
        assert_eq!(differences(&journal, &stored).len(), 3);
    }

    #[test]
    fn sums_from_before_what_the_cost_went_to_are_no_difference() {
        let of = |failed_cost: i64, cost: i64| {
            let mut bucket = bucket(&[100]);
            (bucket.failed_cost, bucket.cost) = (failed_cost, cost);
            Sums::from([((0, "a".to_owned()), bucket)])
        };
        let journal = of(50, 50);
        for (stored, differ) in [
            (of(50, 50), 0),
            (of(0, 50), 0),
            (of(20, 50), 0),
            (of(51, 50), 1),
            (of(0, 49), 1),
        ] {
            assert_eq!(differences(&journal, &stored).len(), differ, "{stored:?}");
        }
    }

    #[test]
    fn partials_beyond_the_journal_are_not_ok() {
        let report = Report {
            applied: 5,
            head: 4,
            whole: true,
            ..Report::default()
        };
        assert!(!report.ok());
        assert_eq!(report.json()["ok"], false);
    }
}
