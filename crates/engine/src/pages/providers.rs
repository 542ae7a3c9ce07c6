//! The Providers page over a range.
//!
//! Four groups of questions at the same time: figures over the whole range, what the last minutes say, and from
//! [`super::over_time`] the strips and the lines. Breakers are counted as they are now, whatever the range.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::standing::{self, Pace, RECENT, Recent, Sample, Standing, USUAL};
use protocol::query::QueryAnswer;
use protocol::view::{Board, Breaker, CallsSay, ProviderRow, Providers, State};
use protocol::{Range, Span};
use store::TenantScope;

use super::PageError;
use super::ask::{Ask, ByProvider, DENIED, JUDGED, count, provider, values};
use super::over_time::{Lines, Strips};
use crate::{Engine, QueryError, Resolution, wire};

impl Engine {
    /// Every provider over a range in Grafana's grammar, the worst first.
    ///
    /// # Errors
    /// See [`PageError`]: the range makes no sense, there are too many providers, or the store cannot be read.
    pub async fn providers(&self, scope: &TenantScope, from: &str, to: &str) -> Result<Providers, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let span = Span::parse(from, to, now, zone)?;
        let ask = Ask { engine: self, scope };
        let (whole, recent, strips, lines) = tokio::try_join!(
            Whole::read(ask, span),
            Lately::read(ask, span, now),
            Strips::read(ask, span),
            Lines::read(ask, span),
        )?;
        let board = self.board(scope, Range::M15);
        let first_event = self.first_event(scope);
        let mut rows: Vec<ProviderRow> = names(&whole, &board)
            .into_iter()
            .map(|name| {
                let breakers: Vec<&Breaker> =
                    board.breakers.iter().filter(|row| row.provider == name).collect();
                let said = standing::calls_say(&recent.of(&name));
                ProviderRow {
                    said: CallsSay {
                        level: wire::level(said.level),
                        words: said.words,
                    },
                    breakers: breakers.len().try_into().unwrap_or(u32::MAX),
                    breakers_open: breakers.iter().filter(|row| refuses(row.state)).count() as u32,
                    strip: strips.of(&name, span),
                    ..whole.row(name, now, first_event)
                }
            })
            .collect();
        rows.sort_by(|one, other| standing::worst_first(&place(one), &place(other)));
        Ok(Providers {
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            partial: whole.attempts.partial,
            lines: lines.of(&rows, now),
            rows,
        })
    }
}

fn place(row: &ProviderRow) -> Standing<'_> {
    Standing {
        level: wire::domain_level(row.said.level),
        success: row.success,
        name: &row.name,
    }
}

/// Those that were called in the range, and those that live state knows.
fn names(whole: &Whole, board: &Board) -> BTreeSet<String> {
    let called = whole.attempts.series.iter().map(provider);
    let known = board.providers.iter().map(|row| row.name.as_str());
    called
        .chain(known)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn refuses(state: State) -> bool {
    matches!(state, State::Open | State::ForcedOpen)
}

/// Figures over the whole range.
struct Whole {
    attempts: QueryAnswer,
    count: ByProvider,
    judged: ByProvider,
    success: ByProvider,
    p50: ByProvider,
    p95: ByProvider,
    p99: ByProvider,
    ttft: ByProvider,
    tokens: ByProvider,
    cost: ByProvider,
    unpriced: ByProvider,
    /// How many there are; `None` when they are too many to be told apart.
    models: Option<BTreeMap<String, u32>>,
}

impl Whole {
    async fn read(ask: Ask<'_>, span: Span) -> Result<Whole, QueryError> {
        let attempts = ask
            .over_time("attempts", "", span, Resolution::MaxPoints(1))
            .await?;
        Ok(Whole {
            count: values(&attempts).collect(),
            attempts,
            judged: ask.whole("attempts", JUDGED, span).await?,
            success: ask.whole("attempt_success", "", span).await?,
            p50: ask.whole("latency_p50", "", span).await?,
            p95: ask.whole("latency_p95", "", span).await?,
            p99: ask.whole("latency_p99", "", span).await?,
            ttft: ask.whole("ttft_p95", "", span).await?,
            tokens: ask.whole("tokens_per_second", "", span).await?,
            cost: ask.whole("cost_per_answer", "", span).await?,
            unpriced: ask.whole("unpriced", "", span).await?,
            models: models(ask, span).await?,
        })
    }

    /// A row with what is known from here; the rest is left at nothing.
    fn row(&self, name: String, now: Millis, first_event: Option<Millis>) -> ProviderRow {
        let of = |figures: &ByProvider| figures.get(&name).copied();
        let sample = Sample {
            judged: count(self.judged.get(&name)),
            success: of(&self.success),
        };
        let attempts = count(self.count.get(&name));
        let unpriced = of(&self.unpriced);
        ProviderRow {
            said: CallsSay {
                level: protocol::Level::Unknown,
                words: String::new(),
            },
            models: self
                .models
                .as_ref()
                .map(|models| models.get(&name).copied().unwrap_or_default()),
            attempts,
            rate: observed_seconds(&self.attempts, now, first_event).map(|seconds| attempts as f64 / seconds),
            success: sample.success,
            success_level: sample.level().map(wire::level),
            p50_ms: of(&self.p50),
            p95_ms: of(&self.p95),
            p99_ms: of(&self.p99),
            ttft_p95_ms: of(&self.ttft),
            tokens_per_second: of(&self.tokens),
            cost_per_1k: cost_per_1k(of(&self.cost), unpriced),
            unpriced: unpriced.filter(|share| *share > 0.0),
            breakers: 0,
            breakers_open: 0,
            strip: String::new(),
            name,
        }
    }
}

/// How many models of each provider were called.
async fn models(ask: Ask<'_>, span: Span) -> Result<Option<BTreeMap<String, u32>>, QueryError> {
    let groups = ["provider", "model"];
    let answer = ask
        .answer("attempts", &groups, "", span, Resolution::MaxPoints(1))
        .await;
    let answer = match answer {
        Err(QueryError::TooManySeries { .. }) => return Ok(None),
        answer => answer?,
    };
    let mut models = BTreeMap::new();
    for (name, _) in values(&answer).filter(|(_, attempts)| *attempts > 0.0) {
        *models.entry(name).or_default() += 1;
    }
    Ok(Some(models))
}

/// For how long traffic was possible in the range; `None` when it never was.
fn observed_seconds(read: &QueryAnswer, now: Millis, first_event: Option<Millis>) -> Option<f64> {
    let to = read.to.min(now);
    let from = read.from.max(first_event?);
    // Figures are read to the 10 s.
    (from < to).then(|| ((to - from) as f64 / 1e3).max(10.0))
}

/// A cost of nothing is only believed of calls that have prices.
fn cost_per_1k(per_answer: Option<f64>, unpriced: Option<f64>) -> Option<f64> {
    let known = match unpriced {
        Some(share) => share < 1.0,
        None => per_answer.is_some_and(|cost| cost > 0.0),
    };
    per_answer.filter(|_| known).map(|cost| cost * 1e3)
}

/// What the end of the range was like, and the day before that.
struct Lately {
    judged: ByProvider,
    success: ByProvider,
    denied: ByProvider,
    refused: ByProvider,
    first_token: [ByProvider; 2],
    duration: [ByProvider; 2],
}

impl Lately {
    async fn read(ask: Ask<'_>, span: Span, now: Millis) -> Result<Lately, QueryError> {
        let to = span.to.min(now).max(span.from + 1);
        let last = Span {
            from: (to - RECENT).max(span.from),
            to,
        };
        let before = Span {
            from: (last.from - USUAL).max(0),
            to: last.from.max(1),
        };
        Ok(Lately {
            judged: ask.whole("attempts", JUDGED, last).await?,
            success: ask.whole("attempt_success", "", last).await?,
            denied: ask.whole("attempts", DENIED, last).await?,
            refused: ask.whole("rejected", "", last).await?,
            first_token: [
                ask.whole("ttft_p50", "", last).await?,
                ask.whole("ttft_p50", "", before).await?,
            ],
            duration: [
                ask.whole("latency_p50", "", last).await?,
                ask.whole("latency_p50", "", before).await?,
            ],
        })
    }

    fn of(&self, name: &str) -> Recent {
        let pace = |[now, usual]: &[ByProvider; 2]| Pace {
            now: now.get(name).copied(),
            usual: usual.get(name).copied(),
        };
        Recent {
            sample: Sample {
                judged: count(self.judged.get(name)),
                success: self.success.get(name).copied(),
            },
            denied: count(self.denied.get(name)),
            refused: count(self.refused.get(name)),
            first_token: pace(&self.first_token),
            duration: pace(&self.duration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_costs_are_told() {
        assert_eq!(cost_per_1k(Some(0.002), Some(0.0)), Some(2.0));
        assert_eq!(
            cost_per_1k(Some(0.0), Some(0.0)),
            Some(0.0),
            "free, and known to be"
        );
        assert_eq!(cost_per_1k(Some(0.0), Some(1.0)), None);
        assert_eq!(
            cost_per_1k(Some(0.0), None),
            None,
            "no tokens and no costs: nothing is known"
        );
        assert_eq!(cost_per_1k(Some(0.5), None), Some(500.0));
        assert_eq!(cost_per_1k(None, Some(0.0)), None);
    }
}
