//! What each metric of calls adds up: the *Counting* rules of the public contract as sums over stored columns.
//!
//! The same rules as `domain::rollup::Bucket`'s methods, in the form a sweep over columns needs; a test holds them
//! against each other.

use domain::Outcome;
use domain::rollup::CallClass;
use protocol::query;
use store::codec::RowSums;

/// How a value follows from what rows hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure {
    /// A sum, or a ratio of two.
    Sums(Formula),
    /// A quantile of a sketch, in milliseconds.
    Quantile(Sketched, f64),
}

/// Which sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sketched {
    Latency,
    Ttft,
}

/// `factor × part ÷ whole`, or `factor × part` without a whole; `1 −` that when it is a complement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Formula {
    pub part: Term,
    pub whole: Option<Term>,
    pub factor: f64,
    pub complement: bool,
    /// A ratio that more than whole explains is shown as 1 over less than a minute.
    pub capped: bool,
}

/// Something rows add up.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term {
    /// Events whose outcome and class are in the mask: bit outcome × 4 + class.
    Cells(u64),
    /// A sum.
    Column(fn(&RowSums) -> i128),
}

impl Measure {
    /// The measure of a metric; `None` when calls have no such metric.
    pub fn of(metric: &str) -> Option<Measure> {
        if let Some(q) = query::quantile(metric) {
            let sketched = if metric.starts_with("ttft") {
                Sketched::Ttft
            } else {
                Sketched::Latency
            };
            return Some(Measure::Quantile(sketched, q));
        }
        let any = |_, _| true;
        let first = |_: Outcome, class| class == CallClass::First;
        let ok = |outcome, _| outcome == Outcome::Ok;
        let formula = match metric {
            "requests" => count(first),
            "attempts" => count(|outcome, _| outcome != Outcome::Rejected),
            "outcomes" => count(any),
            "answers" => count(ok),
            "failures" => count(|outcome: Outcome, _| outcome.is_provider_failure(false)),
            "rejected" => count(|outcome, _| outcome == Outcome::Rejected),
            "retries" => count(|_, class: CallClass| class.is_retry()),
            "saved_by_fallback" => {
                count(|outcome, class: CallClass| ok(outcome, class) && class.is_fallback())
            }
            "neutral" => count(|outcome: Outcome, class| first(outcome, class) && outcome.is_neutral()),
            "answered" => Formula {
                capped: true,
                ..ratio(
                    cells(ok),
                    cells(|outcome: Outcome, class| first(outcome, class) && !outcome.is_neutral()),
                )
            },
            "attempt_success" => ratio(cells(ok), cells(judged)),
            "availability" => Formula {
                complement: true,
                ..ratio(
                    cells(|outcome: Outcome, _| outcome.is_provider_failure(false)),
                    cells(judged),
                )
            },
            "fallback_rate" => ratio(
                cells(|outcome, class: CallClass| ok(outcome, class) && class.is_fallback()),
                cells(ok),
            ),
            "latency_mean" => scaled(1e-3, ratio(column(|sums| sums.duration_us.into()), cells(ok))),
            "tokens_per_second" => scaled(
                1e6,
                ratio(
                    column(|sums| sums.stream_tokens.into()),
                    column(|sums| sums.stream_us.into()),
                ),
            ),
            "input_tokens" => sum(|sums| sums.input_tokens.into()),
            "cached_tokens" => sum(|sums| sums.cached_tokens.into()),
            "output_tokens" => sum(|sums| sums.output_tokens.into()),
            "reasoning_tokens" => sum(|sums| sums.reasoning_tokens.into()),
            "cost" => scaled(1e-9, sum(|sums| sums.cost.into())),
            "failed_cost" => scaled(1e-9, sum(|sums| sums.failed_cost.into())),
            "retry_cost" => scaled(1e-9, sum(|sums| sums.retry_cost.into())),
            "fallback_cost" => scaled(1e-9, sum(|sums| sums.fallback_cost.into())),
            "fallback_usual" => scaled(1e-9, sum(|sums| sums.fallback_usual.into())),
            "estimated_cost" => scaled(1e-9, sum(|sums| sums.estimated_cost.into())),
            "cost_per_answer" => scaled(1e-9, ratio(column(|sums| sums.cost.into()), cells(ok))),
            "unpriced" => ratio(
                column(|sums| sums.unpriced.into()),
                column(|sums| i128::from(sums.unpriced) + i128::from(sums.priced)),
            ),
            _ => return None,
        };
        Some(Measure::Sums(formula))
    }

    /// Whether rows' sums are needed besides their counts.
    pub fn reads_sums(&self) -> bool {
        match self {
            Measure::Sums(formula) => [Some(formula.part), formula.whole]
                .into_iter()
                .flatten()
                .any(|term| matches!(term, Term::Column(_))),
            Measure::Quantile(..) => false,
        }
    }

    /// Counts events and nothing else: can be told apart by outcome.
    pub fn counts_only(&self) -> bool {
        matches!(self, Measure::Sums(formula) if formula.whole.is_none() && matches!(formula.part, Term::Cells(_)))
    }
}

impl Term {
    /// What a row adds, of the cells in `allowed`.
    pub fn of(&self, cells: impl Iterator<Item = (usize, u64)>, sums: &RowSums, allowed: u64) -> i128 {
        match self {
            Term::Cells(mask) => cells
                .filter(|(cell, _)| (mask & allowed) >> cell & 1 == 1)
                .map(|(_, count)| i128::from(count))
                .sum(),
            Term::Column(column) => column(sums),
        }
    }
}

impl Formula {
    /// The value of what was added up; `None` for a ratio of nothing.
    pub fn value(&self, part: i128, whole: i128, step: i64) -> Option<f64> {
        let Some(_) = self.whole else {
            return Some(part as f64 * self.factor);
        };
        if whole <= 0 {
            return None;
        }
        let mut value = part as f64 / whole as f64 * self.factor;
        if self.capped && step < 60_000 {
            value = value.min(1.0);
        }
        Some(if self.complement { 1.0 - value } else { value })
    }
}

/// The bits of an outcome in a mask of cells.
pub(super) fn outcome_cells(outcome: Outcome) -> u64 {
    ((1 << CallClass::COUNT) - 1) << (outcome.index() * CallClass::COUNT)
}

fn judged(outcome: Outcome, _: CallClass) -> bool {
    !outcome.is_neutral() && !matches!(outcome, Outcome::Rejected | Outcome::Auth | Outcome::Quota)
}

fn cells(counts: impl Fn(Outcome, CallClass) -> bool) -> Term {
    let mut mask = 0;
    for outcome in Outcome::ALL {
        for class in CallClass::ALL {
            if counts(outcome, class) {
                mask |= 1 << (outcome.index() * CallClass::COUNT + class.index());
            }
        }
    }
    Term::Cells(mask)
}

fn column(read: fn(&RowSums) -> i128) -> Term {
    Term::Column(read)
}

fn count(counts: impl Fn(Outcome, CallClass) -> bool) -> Formula {
    Formula {
        part: cells(counts),
        whole: None,
        factor: 1.0,
        complement: false,
        capped: false,
    }
}

fn sum(read: fn(&RowSums) -> i128) -> Formula {
    Formula {
        part: column(read),
        ..count(|_, _| false)
    }
}

fn ratio(part: Term, whole: Term) -> Formula {
    Formula {
        part,
        whole: Some(whole),
        ..count(|_, _| false)
    }
}

fn scaled(factor: f64, formula: Formula) -> Formula {
    Formula { factor, ..formula }
}

#[cfg(test)]
mod tests {
    use domain::event::{Call, CallOutcome, FallbackFrom};
    use domain::rollup::Bucket;

    use super::*;

    fn bucket() -> Bucket {
        let mut bucket = Bucket::default();
        for n in 0..600u32 {
            let fallback = n % 7 == 0;
            bucket.add(&Call {
                outcome: CallOutcome(Outcome::ALL[(n as usize * n as usize) % Outcome::COUNT]),
                attempt: 1 + u8::from(n % 5 == 0),
                fallback_from: fallback.then(|| FallbackFrom {
                    provider: "anthropic".into(),
                    model: None,
                }),
                weight: 1 + n % 3,
                duration: Some(u64::from(n) * 3_001),
                ttft: (n % 2 == 0).then_some(u64::from(n) * 1_000),
                input_tokens: Some(n),
                cached_tokens: Some(n / 2),
                output_tokens: Some(n * 2),
                reasoning_tokens: Some(n / 3),
                cost: (n % 4 != 0).then_some(i64::from(n) * 1_000),
                cost_estimated: n % 3 == 0,
                usual_cost: (fallback && n % 2 == 0).then_some(i64::from(n) * 700),
                ..Call::default()
            });
        }
        bucket
    }

    fn measured(metric: &str, bucket: &Bucket) -> Option<f64> {
        let Some(Measure::Sums(formula)) = Measure::of(metric) else {
            panic!("{metric} is no sum")
        };
        let sums = RowSums::of(bucket);
        let cells = || {
            bucket
                .nonzero()
                .map(|(outcome, class, count)| (outcome.index() * CallClass::COUNT + class.index(), count))
        };
        let part = formula.part.of(cells(), &sums, u64::MAX);
        let whole = formula
            .whole
            .map_or(0, |whole| whole.of(cells(), &sums, u64::MAX));
        formula.value(part, whole, 60_000)
    }

    #[test]
    fn metrics_follow_the_counting_rules() {
        let bucket = bucket();
        let count = |value: u64| Some(value as f64);
        let usd = |nano: i64| Some(nano as f64 / 1e9);
        assert!(bucket.spent().iter().all(|amount| *amount > 0));
        for (metric, expected) in [
            ("requests", count(bucket.requests())),
            ("attempts", count(bucket.attempts())),
            ("answers", count(bucket.answers())),
            ("retries", count(bucket.retries())),
            ("rejected", count(bucket.of_outcome(Outcome::Rejected))),
            ("saved_by_fallback", count(bucket.saved_by_fallback())),
            ("answered", bucket.answered(60_000)),
            ("attempt_success", bucket.attempt_success()),
            ("availability", bucket.availability(false)),
            ("fallback_rate", bucket.fallback_share()),
            ("tokens_per_second", bucket.tokens_per_second()),
            ("latency_mean", bucket.mean_duration_us().map(|mean| mean / 1e3)),
            ("input_tokens", count(bucket.input_tokens)),
            ("cached_tokens", count(bucket.cached_tokens)),
            ("output_tokens", count(bucket.output_tokens)),
            ("reasoning_tokens", count(bucket.reasoning_tokens)),
            ("neutral", count(bucket.neutral_requests())),
            ("cost", usd(bucket.cost)),
            ("failed_cost", usd(bucket.failed_cost)),
            ("retry_cost", usd(bucket.retry_cost)),
            ("fallback_cost", usd(bucket.fallback_cost)),
            ("fallback_usual", usd(bucket.fallback_usual)),
            ("estimated_cost", usd(bucket.estimated_cost)),
            (
                "cost_per_answer",
                Some(bucket.cost as f64 / 1e9 / bucket.answers() as f64),
            ),
            (
                "unpriced",
                Some(bucket.unpriced as f64 / (bucket.unpriced + bucket.priced) as f64),
            ),
        ] {
            let (found, expected) = (measured(metric, &bucket).unwrap(), expected.unwrap());
            assert!(
                (found - expected).abs() <= expected.abs() * 1e-12,
                "{metric}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn every_metric_that_is_listed_is_measured() {
        for metric in query::CALL_METRICS {
            assert!(Measure::of(metric.name).is_some(), "{}", metric.name);
        }
        assert!(Measure::of("open_time").is_none());
    }

    #[test]
    fn a_ratio_of_nothing_is_nothing() {
        assert_eq!(measured("answered", &Bucket::default()), None);
        assert_eq!(measured("requests", &Bucket::default()), Some(0.0));
    }
}
