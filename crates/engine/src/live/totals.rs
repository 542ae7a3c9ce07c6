//! What all calls of the tenant add up to: by second for the live ranges, by 10 s for the hour and its predecessor,
//! the day's spend, and who stands in for whom.

use std::collections::{BTreeSet, VecDeque};

use domain::Millis;
use domain::event::Call;
use domain::rollup::{Addend, Bucket};
use domain::window::Ring;
use domain::{NanoUsd, Outcome};
use store::SecondRow;

/// 15 minutes and a little, for events that arrive late.
const SECONDS: usize = 930;
/// Two hours and a quarter: the last hour, the hour before it, and the quarter that "an hour earlier" needs.
const TENS: usize = 815;
const SECOND: Millis = 1_000;
const DAY: Millis = 86_400_000;
/// Fallbacks are told apart over one minute.
const FALLBACK_WINDOW: Millis = 60_000;

pub(super) struct Totals {
    pub seconds: Ring<Bucket>,
    pub tens: Ring<Bucket>,
    /// Seconds that calls were added to since the last flush.
    touched: BTreeSet<Millis>,
    newest_touched: Millis,
    run: Run,
    pub day: Day,
    fallbacks: VecDeque<(Millis, String, String, u64)>,
    utc_offset: Millis,
}

/// Calls of one second that follow one another. Most calls of a batch are of the same second: they are added up here and
/// then counted at once, not each in the second and again in the ten seconds.
#[derive(Default)]
struct Run {
    second: Millis,
    received: Millis,
    /// They count for the 10 s slots, too.
    tens: bool,
    sum: Bucket,
}

/// Spend since midnight in the tenant's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Day {
    /// Midnight.
    pub start: Millis,
    pub cost: NanoUsd,
    /// Calls with a cost.
    pub priced: u64,
    /// Calls that carry tokens but have no price.
    pub unpriced: u64,
}

impl Totals {
    pub fn new(utc_offset_min: i32) -> Totals {
        Totals {
            seconds: Ring::new(SECOND, SECONDS),
            tens: Ring::new(10_000, TENS),
            touched: BTreeSet::new(),
            newest_touched: Millis::MIN,
            run: Run::default(),
            day: Day::default(),
            fallbacks: VecDeque::new(),
            utc_offset: Millis::from(utc_offset_min) * 60_000,
        }
    }

    /// Midnight of the day that holds `time`.
    fn midnight(&self, time: Millis) -> Millis {
        time - (time + self.utc_offset).rem_euclid(DAY)
    }

    /// Counts a call in its second and, where `tens` says so, in its ten seconds. Shown after [`Totals::settle`].
    pub fn count(&mut self, addend: &Addend, time: Millis, received: Millis, tens: bool) {
        let second = time - time.rem_euclid(SECOND);
        let run = &self.run;
        if (run.second, run.received, run.tens) != (second, received, tens) {
            self.settle();
            (self.run.second, self.run.received, self.run.tens) = (second, received, tens);
        }
        self.run.sum.add_addend(addend);
    }

    /// Every batch ends with this.
    pub fn settle(&mut self) {
        let Run {
            second,
            received,
            tens,
            ..
        } = self.run;
        let sum = std::mem::take(&mut self.run.sum);
        if sum.is_empty() {
            return;
        }
        self.seconds.advance(received);
        if let Some(bucket) = self.seconds.slot_mut(second) {
            bucket.merge(&sum);
            self.touch(second);
        }
        if tens {
            self.tens.advance(second);
            if let Some(bucket) = self.tens.slot_mut(second) {
                bucket.merge(&sum);
            }
        }
    }

    /// Most calls are of the same second as the one before.
    fn touch(&mut self, second: Millis) {
        if second != self.newest_touched {
            self.touched.insert(second);
            self.newest_touched = second;
        }
    }

    /// Whose answer stood in for whose.
    pub fn fallback(&mut self, call: &Call, time: Millis, received: Millis) {
        if call.outcome() == Outcome::Ok
            && let Some(from) = &call.fallback_from
        {
            let weight = u64::from(call.weight);
            self.fallbacks
                .push_back((time, from.provider.clone(), call.provider.clone(), weight));
            while self
                .fallbacks
                .front()
                .is_some_and(|front| front.0 < received - FALLBACK_WINDOW)
            {
                self.fallbacks.pop_front();
            }
        }
    }

    /// Adds to the day's spend.
    pub fn spend(&mut self, call: &Call, time: Millis) {
        let midnight = self.midnight(time);
        if midnight > self.day.start {
            self.day = Day {
                start: midnight,
                ..Day::default()
            };
        }
        if midnight == self.day.start {
            let weight = u64::from(call.weight);
            if let Some(cost) = call.cost {
                self.day.cost = self
                    .day
                    .cost
                    .saturating_add(cost.saturating_mul(weight as NanoUsd));
                self.day.priced += weight;
            } else if call.input_tokens.is_some() || call.output_tokens.is_some() {
                self.day.unpriced += weight;
            }
        }
    }

    /// The seconds that changed since this was last asked, oldest first; what has left the ring is left out.
    pub fn changed_seconds(&mut self) -> Vec<SecondRow> {
        self.newest_touched = Millis::MIN;
        let row = |at| {
            let stats = self.seconds.get(at)?.clone();
            Some(SecondRow { at, stats })
        };
        std::mem::take(&mut self.touched)
            .into_iter()
            .filter_map(row)
            .collect()
    }

    /// Puts a stored second back after a restart.
    pub fn restore_second(&mut self, row: SecondRow) {
        if let Some(slot) = self.seconds.slot_mut(row.at) {
            *slot = row.stats;
        }
    }

    /// Puts a stored partial back after a restart.
    pub fn restore(&mut self, bucket: Millis, stats: &Bucket) {
        if let Some(slot) = self.tens.slot_mut(bucket) {
            slot.merge(stats);
        }
    }

    pub fn advance(&mut self, now: Millis) {
        self.seconds.advance(now);
        self.tens.advance(now);
        // What left the ring is not written any more.
        let oldest = now - SECONDS as Millis * SECOND;
        while self.touched.first().is_some_and(|second| *second < oldest) {
            self.touched.pop_first();
        }
        let midnight = self.midnight(now);
        if midnight > self.day.start {
            self.day = Day {
                start: midnight,
                ..Day::default()
            };
        }
    }

    /// The day's figures, zero when the newest event was yesterday's.
    pub fn today(&self, now: Millis) -> Day {
        let midnight = self.midnight(now);
        if midnight == self.day.start {
            self.day
        } else {
            Day {
                start: midnight,
                ..Day::default()
            }
        }
    }

    /// The pair that most answers of the last minute came from: who was tried first, who stood in.
    pub fn failing_over(&self, now: Millis) -> Option<(&str, &str)> {
        let mut pairs: Vec<((&str, &str), u64)> = Vec::new();
        for (time, from, to, weight) in &self.fallbacks {
            if *time < now - FALLBACK_WINDOW || from == to {
                continue;
            }
            let pair = (from.as_str(), to.as_str());
            match pairs.iter_mut().find(|entry| entry.0 == pair) {
                Some(entry) => entry.1 += weight,
                None => pairs.push((pair, *weight)),
            }
        }
        pairs.into_iter().max_by_key(|entry| entry.1).map(|entry| entry.0)
    }
}
