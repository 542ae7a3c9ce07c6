//! The board's chart points, from the 10 s totals.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::rollup::{Bucket, CallClass};
use domain::{Millis, Outcome};
use protocol::Range;
use protocol::view::{ChartPoint, HEAT_EDGES_MS};

use super::totals::Totals;

const BUCKET: Millis = 10_000;
/// An open step with fewer answers says too little about percentiles: the end of each line would jump about.
const ENOUGH: u64 = 20;

/// Points that were computed, by step; a point is computed again when a call touched its bucket.
#[derive(Default)]
pub(super) struct Cache {
    points: HashMap<Millis, BTreeMap<Millis, ChartPoint>>,
    touched: BTreeSet<Millis>,
    /// Most calls are of the same bucket as the one before.
    newest_touched: Option<Millis>,
}

impl Cache {
    /// A call counted in the bucket of this time.
    pub fn touch(&mut self, time: Millis) {
        let bucket = time - time.rem_euclid(BUCKET);
        if self.newest_touched != Some(bucket) {
            self.touched.insert(bucket);
            self.newest_touched = Some(bucket);
        }
    }
}

/// The points of a range, oldest first. The newest is the open step, its rates over the part that has passed.
pub(super) fn points(cache: &mut Cache, totals: &Totals, range: Range, now: Millis) -> Vec<ChartPoint> {
    cache.newest_touched = None;
    for bucket in std::mem::take(&mut cache.touched) {
        for (step, points) in &mut cache.points {
            points.remove(&(bucket - bucket.rem_euclid(*step)));
        }
    }
    let step = range.step_seconds() * 1_000;
    let newest = now - now.rem_euclid(step);
    let oldest = newest - range.seconds() * 1_000;
    let points = cache.points.entry(step).or_default();
    // The longest range of this step decides what is worth keeping.
    let kept = Range::ALL
        .iter()
        .filter(|r| r.step_seconds() == range.step_seconds())
        .map(|r| r.seconds())
        .max();
    points.retain(|t, _| *t >= newest - kept.unwrap_or(0) * 1_000);
    let mut result = Vec::new();
    let mut t = oldest;
    while t <= newest {
        // The open step and the one just closed change with time alone: their rates depend on what has passed.
        if t >= newest - step {
            result.push(point(totals, t, step, now));
        } else {
            result.push(
                points
                    .entry(t)
                    .or_insert_with(|| point(totals, t, step, now))
                    .clone(),
            );
        }
        t += step;
    }
    result
}

fn point(totals: &Totals, t: Millis, step: Millis, now: Millis) -> ChartPoint {
    let bucket = totals.tens.sum(t, t + step);
    let settled = now >= t + step || bucket.latency.count() >= ENOUGH;
    let quantile = |q: f64| {
        bucket
            .latency
            .quantile(q)
            .filter(|_| settled)
            .map(|micros| (micros / 1_000.0) as f32)
    };
    let seconds = (now - t).clamp(1_000, step) / 1_000;
    ChartPoint {
        t,
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        bands: bands(&bucket).map(|count| count as f32 / seconds as f32),
        heat: heat(&bucket),
    }
}

/// Attempts and rejections by band, in the order of `protocol::view::BAND_NAMES`.
fn bands(bucket: &Bucket) -> [u64; 8] {
    let mut bands = [0u64; 8];
    for (outcome, class, count) in bucket.nonzero() {
        let band = match outcome {
            Outcome::Ok if matches!(class, CallClass::Fallback | CallClass::FallbackRetry) => 1,
            Outcome::Ok => 0,
            Outcome::RateLimited | Outcome::Quota => 2,
            Outcome::Overloaded => 3,
            Outcome::ServerError => 4,
            Outcome::Timeout | Outcome::Network => 5,
            Outcome::Rejected => 6,
            Outcome::Auth | Outcome::BadRequest | Outcome::ContentFiltered | Outcome::Cancelled => 7,
        };
        bands[band] += count;
    }
    bands
}

fn heat(bucket: &Bucket) -> [u32; 14] {
    let mut rows = [0u32; 14];
    for (lower, upper, count) in bucket.latency.bins() {
        let middle = (lower + upper) / 2_000;
        let row = HEAT_EDGES_MS
            .partition_point(|edge| u64::from(*edge) <= middle)
            .saturating_sub(1);
        rows[row] = rows[row].saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
    rows
}
