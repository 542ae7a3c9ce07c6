//! What calls add up to. The figures that follow from it are in [`super::counting`].
//!
//! Everything in a bucket is a sum, so merging is associative and commutative and a bucket can be taken away again;
//! all sums are weighted (an event of weight 100 counts 100 times) and saturate instead of overflowing. Counts are
//! sparse: most buckets know two or three outcomes, and there are many buckets.
//!
//! What was spent is also told apart by what it went to: on attempts that failed, on second attempts, on stand-ins. No
//! call is in two of these, so what is left of the cost is what plain answers took.

use crate::event::Call;
use crate::sketch::Sketch;
use crate::sparse::Sparse;
use crate::{Micros, NanoUsd, Outcome};

/// Which part a call plays in answering its request. The order is part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CallClass {
    /// Attempt 1 at the provider that was wanted.
    First = 0,
    /// Attempt 2.. at the provider that was wanted.
    Retry = 1,
    /// Attempt 1 at a stand-in.
    Fallback = 2,
    /// Attempt 2.. at a stand-in.
    FallbackRetry = 3,
}

impl CallClass {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// All of them, in stored order.
    pub const ALL: [CallClass; Self::COUNT] = [
        CallClass::First,
        CallClass::Retry,
        CallClass::Fallback,
        CallClass::FallbackRetry,
    ];

    /// The class of a call.
    pub fn of(call: &Call) -> CallClass {
        match (call.fallback_from.is_some(), call.attempt >= 2) {
            (false, false) => CallClass::First,
            (false, true) => CallClass::Retry,
            (true, false) => CallClass::Fallback,
            (true, true) => CallClass::FallbackRetry,
        }
    }

    /// Its number in stored counts.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The class stored under this number.
    pub fn from_index(index: usize) -> Option<CallClass> {
        Self::ALL.get(index).copied()
    }

    /// Attempt 2 or later.
    pub const fn is_retry(self) -> bool {
        matches!(self, CallClass::Retry | CallClass::FallbackRetry)
    }

    /// Stands in for another provider or model.
    pub const fn is_fallback(self) -> bool {
        matches!(self, CallClass::Fallback | CallClass::FallbackRetry)
    }
}

/// The calls of one series in one stretch of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bucket {
    counts: Sparse<6>,
    /// Sum of the durations of `ok` attempts, microseconds.
    pub duration_us: Micros,
    /// Includes cached and cache-write tokens.
    pub input_tokens: u64,
    /// Read from prompt caches.
    pub cached_tokens: u64,
    /// Written to prompt caches.
    pub cache_write_tokens: u64,
    /// Includes reasoning tokens.
    pub output_tokens: u64,
    /// Part of `output_tokens`.
    pub reasoning_tokens: u64,
    /// Sum of known costs.
    pub cost: NanoUsd,
    /// The part of `cost` that went to attempts that did not end `ok`.
    pub failed_cost: NanoUsd,
    /// The part of `cost` that went to `ok` attempts of class [`CallClass::Retry`].
    pub retry_cost: NanoUsd,
    /// The part of `cost` that went to `ok` attempts that stand in, where it is known what the wanted provider takes.
    pub fallback_cost: NanoUsd,
    /// What the calls in `fallback_cost` would have cost at the provider and model that was wanted.
    pub fallback_usual: NanoUsd,
    /// The part of `cost` that came from the price table.
    pub estimated_cost: NanoUsd,
    /// Calls with a known cost.
    pub priced: u64,
    /// Calls that carry tokens but have no known cost.
    pub unpriced: u64,
    /// Output tokens of the `ok` streams whose speed can be told: first token and end apart, output tokens given.
    pub stream_tokens: u64,
    /// How long those streams took from the first token to the end, microseconds.
    pub stream_us: Micros,
    /// Durations of `ok` attempts.
    pub latency: Sketch,
    /// Times to first token of `ok` streams.
    pub ttft: Sketch,
}

impl Bucket {
    /// Counts a call. A weight of zero counts as one: the event is there.
    pub fn add(&mut self, call: &Call) {
        self.add_addend(&Addend::of(call));
    }

    /// Counts a call by what it adds.
    pub fn add_addend(&mut self, call: &Addend) {
        self.counts.add(call.cell, call.weight);
        for (mine, theirs) in self.sums_mut().into_iter().zip(call.sums) {
            *mine = mine.saturating_add(theirs);
        }
        self.cost = self.cost.saturating_add(call.cost);
        if let Some(spent) = call.spent {
            for (mine, theirs) in self.spent_mut().into_iter().zip(spent) {
                *mine = mine.saturating_add(theirs);
            }
        }
        if let Some(bin) = call.latency {
            self.latency.add_cell(bin, call.weight);
        }
        if let Some(bin) = call.ttft {
            self.ttft.add_cell(bin, call.weight);
        }
    }

    /// Adds everything `other` holds. Associative and commutative.
    pub fn merge(&mut self, other: &Bucket) {
        self.counts.merge(&other.counts);
        for (mine, theirs) in self.sums_mut().into_iter().zip(other.sums()) {
            *mine = mine.saturating_add(theirs);
        }
        self.cost = self.cost.saturating_add(other.cost);
        for (mine, theirs) in self.spent_mut().into_iter().zip(other.spent()) {
            *mine = mine.saturating_add(theirs);
        }
        self.latency.merge(&other.latency);
        self.ttft.merge(&other.ttft);
    }

    /// Takes away what `other` holds: the inverse of [`Bucket::merge`] as long as nothing saturated. Never below zero.
    pub fn subtract(&mut self, other: &Bucket) {
        self.counts.subtract(&other.counts);
        for (mine, theirs) in self.sums_mut().into_iter().zip(other.sums()) {
            *mine = mine.saturating_sub(theirs);
        }
        self.cost = self.cost.saturating_sub(other.cost).max(0);
        for (mine, theirs) in self.spent_mut().into_iter().zip(other.spent()) {
            *mine = mine.saturating_sub(theirs).max(0);
        }
        self.latency.subtract(&other.latency);
        self.ttft.subtract(&other.ttft);
    }

    /// No call is in it.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Calls with this outcome and class.
    pub fn count(&self, outcome: Outcome, class: CallClass) -> u64 {
        self.counts.get(cell(outcome, class))
    }

    /// Sets the count of an outcome and class: for decoders.
    pub fn set_count(&mut self, outcome: Outcome, class: CallClass, count: u64) {
        self.counts.set(cell(outcome, class), count);
    }

    /// Counts above zero, by outcome, then class.
    pub fn nonzero(&self) -> impl Iterator<Item = (Outcome, CallClass, u64)> + '_ {
        self.counts.iter().filter_map(|(cell, count)| {
            let outcome = Outcome::from_index(cell as usize / CallClass::COUNT)?;
            Some((
                outcome,
                CallClass::from_index(cell as usize % CallClass::COUNT)?,
                count,
            ))
        })
    }

    fn sums(&self) -> [u64; SUMS] {
        [
            self.duration_us,
            self.input_tokens,
            self.cached_tokens,
            self.cache_write_tokens,
            self.output_tokens,
            self.reasoning_tokens,
            self.priced,
            self.unpriced,
            self.stream_tokens,
            self.stream_us,
        ]
    }

    /// In the order of [`Bucket::sums`].
    fn sums_mut(&mut self) -> [&mut u64; SUMS] {
        [
            &mut self.duration_us,
            &mut self.input_tokens,
            &mut self.cached_tokens,
            &mut self.cache_write_tokens,
            &mut self.output_tokens,
            &mut self.reasoning_tokens,
            &mut self.priced,
            &mut self.unpriced,
            &mut self.stream_tokens,
            &mut self.stream_us,
        ]
    }

    /// What the cost went to, in nano-USD: failed, retry, fallback, usual, estimated. The order is part of the stored
    /// formats.
    pub fn spent(&self) -> [NanoUsd; SPENT] {
        [
            self.failed_cost,
            self.retry_cost,
            self.fallback_cost,
            self.fallback_usual,
            self.estimated_cost,
        ]
    }

    /// In the order of [`Bucket::spent`]: for decoders.
    pub fn spent_mut(&mut self) -> [&mut NanoUsd; SPENT] {
        [
            &mut self.failed_cost,
            &mut self.retry_cost,
            &mut self.fallback_cost,
            &mut self.fallback_usual,
            &mut self.estimated_cost,
        ]
    }
}

/// How many weighted sums a bucket has besides its money.
const SUMS: usize = 10;

/// How many sums say what the cost went to.
const SPENT: usize = 5;

/// What one call adds to a bucket, worked out once for all the buckets it counts in: finding the bins of its times and
/// weighting its figures costs more than adding them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addend {
    cell: u64,
    weight: u64,
    /// In the order of [`Bucket::sums`], weighted.
    sums: [u64; SUMS],
    cost: NanoUsd,
    /// In the order of [`Bucket::spent`], weighted; `None` when all are zero, as they are for most calls.
    spent: Option<[NanoUsd; SPENT]>,
    /// Numbers of the sketches' bins.
    latency: Option<u16>,
    ttft: Option<u16>,
}

impl Addend {
    /// What a call adds. A weight of zero counts as one: the event is there.
    pub fn of(call: &Call) -> Addend {
        let weight = u64::from(call.weight.max(1));
        let weighted = |value: u64| value.saturating_mul(weight);
        let tokens = |tokens: Option<u32>| weighted(u64::from(tokens.unwrap_or(0)));
        let outcome = call.outcome();
        let (duration, ttft) = match outcome {
            Outcome::Ok => (call.duration, call.ttft),
            _ => (None, None),
        };
        let carries_tokens = call.input_tokens.unwrap_or(0) > 0 || call.output_tokens.unwrap_or(0) > 0;
        // A stream that came in one piece has no speed; counting its tokens over no time would raise everybody's.
        let generating = ttft.map_or(0, |ttft| duration.unwrap_or(0).saturating_sub(ttft));
        let (stream_tokens, stream_us) = match call.output_tokens {
            Some(tokens) if generating > 0 => (weighted(u64::from(tokens)), weighted(generating)),
            _ => (0, 0),
        };
        Addend {
            cell: cell(outcome, CallClass::of(call)),
            weight,
            sums: [
                weighted(duration.unwrap_or(0)),
                tokens(call.input_tokens),
                tokens(call.cached_tokens),
                tokens(call.cache_write_tokens),
                tokens(call.output_tokens),
                tokens(call.reasoning_tokens),
                weighted(u64::from(call.cost.is_some())),
                weighted(u64::from(call.cost.is_none() && carries_tokens)),
                stream_tokens,
                stream_us,
            ],
            cost: money(call.cost, call.weight),
            spent: spent(call),
            latency: duration.map(Sketch::bin),
            ttft: ttft.map(Sketch::bin),
        }
    }
}

/// A known amount, weighted. A negative one counts as nothing.
fn money(amount: Option<NanoUsd>, weight: u32) -> NanoUsd {
    amount.map_or(0, |amount| {
        amount.max(0).saturating_mul(NanoUsd::from(weight.max(1)))
    })
}

/// What the cost of a call went to, in the order of [`Bucket::spent`]; `None` when nothing is to be added.
fn spent(call: &Call) -> Option<[NanoUsd; SPENT]> {
    let cost = money(call.cost.filter(|cost| *cost > 0), call.weight);
    let usual = call.usual_cost.filter(|_| call.cost.is_some());
    if cost == 0 && usual.is_none() {
        return None;
    }
    let estimated = if call.cost_estimated { cost } else { 0 };
    let [failed, retry, fallback, instead] = match (call.outcome(), CallClass::of(call)) {
        (Outcome::Ok, CallClass::First) => [0; 4],
        (Outcome::Ok, CallClass::Retry) => [0, cost, 0, 0],
        // What it costs more or less than usual can be told only where both are known.
        (Outcome::Ok, CallClass::Fallback | CallClass::FallbackRetry) => match usual {
            Some(_) => [0, 0, cost, money(usual, call.weight)],
            None => [0; 4],
        },
        _ => [cost, 0, 0, 0],
    };
    let all = [failed, retry, fallback, instead, estimated];
    all.iter().any(|amount| *amount != 0).then_some(all)
}

/// 12 outcomes × 4 classes fit into the six bits of the key; outcomes are only ever added at the end.
fn cell(outcome: Outcome, class: CallClass) -> u64 {
    const { assert!(Outcome::COUNT * CallClass::COUNT <= 64) };
    (outcome.index() * CallClass::COUNT + class.index()) as u64
}
