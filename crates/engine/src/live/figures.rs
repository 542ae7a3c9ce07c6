//! The six key figures, over complete seconds of a range, and their sparklines.

use std::collections::HashMap;

use domain::Millis;
use domain::rollup::Bucket;
use domain::window::Ring;
use protocol::Range;
use protocol::view::{Kpi, KpiId, Level};

use super::totals::Totals;

/// Success under this is worth a look; the board's target until there are SLOs.
pub(super) const TARGET: f64 = 0.995;
/// Success under this is worth acting on.
const ALARMING: f64 = 0.99;
/// Latency this much above the hour before is worth a look.
const SLOWER: f64 = 0.25;
const HOUR: Millis = 3_600_000;

/// Figures by range, for the second they were computed in.
#[derive(Default)]
pub(super) struct Cache {
    by_range: HashMap<Range, (Millis, Vec<Kpi>)>,
}

/// The figures of a range. They cover complete seconds (10 s buckets up to now for the hour) and change once a
/// second and are computed once a second.
pub(super) fn kpis(
    cache: &mut Cache,
    totals: &Totals,
    range: Range,
    now: Millis,
    first_event: Option<Millis>,
) -> Vec<Kpi> {
    let second = now - now.rem_euclid(1_000);
    if let Some((at, kpis)) = cache.by_range.get(&range)
        && *at == second
    {
        return kpis.clone();
    }
    // A board whose first event is less than a second old shows it at once.
    let end = if first_event.is_some_and(|first| first >= second) {
        second + 1_000
    } else {
        second
    };
    let kpis = compute(totals, range, end, first_event);
    cache.by_range.insert(range, (second, kpis.clone()));
    kpis
}

/// The width of a sparkline's step in ms: about 40 steps, on boundaries that do not move with `now`.
fn spark_step(range: Range) -> Millis {
    match range {
        Range::M5 => 8_000,
        Range::M15 => 24_000,
        Range::H1 => 90_000,
    }
}

/// The slots a range covers: complete seconds; for the hour 10 s slots, of which the newest may be open.
fn window(totals: &Totals, range: Range, second: Millis) -> (&Ring<Bucket>, Millis, Millis) {
    let length = range.seconds() * 1_000;
    match range {
        Range::M5 | Range::M15 => (&totals.seconds, second - length, second),
        Range::H1 => {
            let end = second + (-second).rem_euclid(10_000);
            (&totals.tens, end - length, end)
        }
    }
}

fn compute(totals: &Totals, range: Range, second: Millis, first_event: Option<Millis>) -> Vec<Kpi> {
    let (ring, from, to) = window(totals, range, second);
    let length = to - from;
    let current = ring.sum(from, to);
    let earlier_to = second - second.rem_euclid(10_000) - HOUR;
    let earlier = totals.tens.sum(earlier_to - length, earlier_to);
    let steps = steps(ring, range, from, second, first_event);
    let seconds = observed_seconds(from, second, first_event);
    let per_second = |count: u64| {
        if current.is_empty() {
            None
        } else {
            Some(count as f64 / seconds)
        }
    };

    let requests = per_second(current.requests());
    let success = current.answered(length);
    let latency = current.latency.quantile(0.95).map(to_ms);
    let ttft = current.ttft.quantile(0.95).map(to_ms);
    let tokens = per_second(current.output_tokens);
    let today = totals.today(second);
    let spend_known = today.priced > 0;

    let change = |id: KpiId| relative_change(id, &current, &earlier, length);
    let spark = |value: &dyn Fn(&Bucket, f64) -> Option<f64>| -> Vec<Option<f32>> {
        let width = spark_step(range) as f64 / 1_000.0;
        steps
            .iter()
            .map(|step| value(step.as_ref()?, width).map(|v| v as f32))
            .collect()
    };
    let latency_change = change(KpiId::LatencyP95);
    let ttft_change = change(KpiId::TtftP95);
    vec![
        Kpi {
            id: KpiId::Requests,
            value: requests,
            change: change(KpiId::Requests),
            level: known(requests.is_some()),
            spark: spark(&|bucket, seconds| Some(bucket.requests() as f64 / seconds)),
            unpriced: None,
        },
        Kpi {
            id: KpiId::Success,
            value: success,
            change: change(KpiId::Success),
            level: success_level(success),
            spark: spark(&|bucket, seconds| bucket.answered((seconds * 1_000.0) as Millis)),
            unpriced: None,
        },
        Kpi {
            id: KpiId::LatencyP95,
            value: latency,
            change: latency_change,
            level: slower_level(latency, latency_change),
            spark: spark(&|bucket, _| bucket.latency.quantile(0.95).map(to_ms)),
            unpriced: None,
        },
        Kpi {
            id: KpiId::TtftP95,
            value: ttft,
            change: ttft_change,
            level: slower_level(ttft, ttft_change),
            spark: spark(&|bucket, _| bucket.ttft.quantile(0.95).map(to_ms)),
            unpriced: None,
        },
        Kpi {
            id: KpiId::TokensOut,
            value: tokens,
            change: change(KpiId::TokensOut),
            level: known(tokens.is_some()),
            spark: spark(&|bucket, seconds| Some(bucket.output_tokens as f64 / seconds)),
            unpriced: None,
        },
        Kpi {
            id: KpiId::SpendToday,
            value: spend_known.then(|| dollars(today.cost)),
            change: spend_known.then(|| dollars(current.cost) * 3_600.0 / seconds),
            level: known(spend_known),
            spark: spend_spark(&steps, today.cost),
            unpriced: unpriced_share(today.priced, today.unpriced),
        },
    ]
}

/// How much of a window traffic was possible in, in seconds, at least one.
pub(super) fn observed_seconds(from: Millis, to: Millis, first_event: Option<Millis>) -> f64 {
    let began = first_event.map_or(from, |first| first - first.rem_euclid(1_000));
    ((to - began.clamp(from, to)) as f64 / 1_000.0).max(1.0)
}

/// What the complete steps of a range add up to, oldest first; `None` for steps that began before the first event.
fn steps(
    ring: &Ring<Bucket>,
    range: Range,
    from: Millis,
    to: Millis,
    first_event: Option<Millis>,
) -> Vec<Option<Bucket>> {
    let width = spark_step(range);
    let first = first_event.unwrap_or(Millis::MAX);
    let mut start = from + (width - from.rem_euclid(width)).rem_euclid(width);
    let mut steps = Vec::new();
    while start + width <= to {
        steps.push((start >= first).then(|| ring.sum(start, start + width)));
        start += width;
    }
    steps
}

/// Spend rises through the range to what it is now.
fn spend_spark(steps: &[Option<Bucket>], total: i64) -> Vec<Option<f32>> {
    let in_range: i64 = steps.iter().flatten().map(|bucket| bucket.cost).sum();
    let mut running = total - in_range;
    let mut points = Vec::with_capacity(steps.len());
    for step in steps {
        points.push(step.as_ref().map(|bucket| {
            running += bucket.cost;
            dollars(running.max(0)) as f32
        }));
    }
    points
}

fn relative_change(id: KpiId, current: &Bucket, earlier: &Bucket, length: Millis) -> Option<f64> {
    if current.is_empty() || earlier.is_empty() {
        return None;
    }
    let ratio = |now: f64, then: f64| (then > 0.0).then(|| now / then - 1.0);
    match id {
        KpiId::Requests => ratio(current.requests() as f64, earlier.requests() as f64),
        KpiId::Success => Some(current.answered(length)? - earlier.answered(length)?),
        KpiId::LatencyP95 => ratio(current.latency.quantile(0.95)?, earlier.latency.quantile(0.95)?),
        KpiId::TtftP95 => ratio(current.ttft.quantile(0.95)?, earlier.ttft.quantile(0.95)?),
        KpiId::TokensOut => ratio(current.output_tokens as f64, earlier.output_tokens as f64),
        KpiId::SpendToday => None,
    }
}

fn known(known: bool) -> Level {
    if known { Level::Ok } else { Level::Unknown }
}

/// How urgent a share of answered requests is.
pub(crate) fn success_level(success: Option<f64>) -> Level {
    match success {
        None => Level::Unknown,
        Some(share) if share < ALARMING => Level::Act,
        Some(share) if share < TARGET => Level::Attention,
        Some(_) => Level::Ok,
    }
}

fn slower_level(value: Option<f64>, change: Option<f64>) -> Level {
    match (value, change) {
        (None, _) => Level::Unknown,
        (Some(_), Some(change)) if change > SLOWER => Level::Attention,
        _ => Level::Ok,
    }
}

fn unpriced_share(priced: u64, unpriced: u64) -> Option<f64> {
    (unpriced > 0).then(|| unpriced as f64 / (priced + unpriced) as f64)
}

/// Microseconds to milliseconds.
pub(super) fn to_ms(micros: f64) -> f64 {
    micros / 1_000.0
}

/// Nano-dollars to dollars.
pub(super) fn dollars(nano: i64) -> f64 {
    nano as f64 / 1e9
}
