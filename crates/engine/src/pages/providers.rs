//! The Providers page over a range.
//!
//! Four groups of questions at the same time, each by one or two readings of the store: figures over the whole range,
//! what the last minutes say, and from [`super::over_time`] the strips and the lines. Breakers are counted as they are now, whatever the range.

use std::collections::{BTreeMap, BTreeSet};

use domain::Millis;
use domain::standing::{self, Pace, RECENT, Recent, Sample, Standing, USUAL};
use protocol::query::QueryAnswer;
use protocol::view::{Board, Breaker, CallsSay, MAX_ROWS, ProviderRow, Providers, State};
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
    /// See [`PageError`]: the range makes no sense, there are thousands of providers, or the store cannot be read.
    pub async fn providers(&self, scope: &TenantScope, from: &str, to: &str) -> Result<Providers, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let span = Span::parse(from, to, now, zone)?;
        let ask = Ask {
            engine: self,
            scope,
            only: "",
        };
        let (standing, lines) = tokio::try_join!(Standings::read(ask, span, now), Lines::read(ask, span))?;
        let board = self.board(scope, Range::M15);
        let first_event = self.first_event(scope);
        let mut rows: Vec<ProviderRow> = names(&standing.whole, &board)
            .into_iter()
            .map(|name| standing.row(name, &board, first_event))
            .collect();
        rows.sort_by(|one, other| standing::worst_first(&place(one), &place(other)));
        let lines = lines.of(&rows, now);
        let rows_left_out = rows.len().saturating_sub(MAX_ROWS);
        rows.truncate(MAX_ROWS);
        Ok(Providers {
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            partial: standing.whole.attempts.partial,
            lines,
            rows_left_out: rows_left_out.try_into().unwrap_or(u32::MAX),
            markers: self.markers(scope, span).await?.items,
            rows,
        })
    }
}

/// How providers stand over a range.
pub(super) struct Standings {
    span: Span,
    now: Millis,
    pub whole: Whole,
    recent: Lately,
    strips: Strips,
}

impl Standings {
    pub async fn read(ask: Ask<'_>, span: Span, now: Millis) -> Result<Standings, QueryError> {
        let (whole, recent, strips) = tokio::try_join!(
            Whole::read(ask, span),
            Lately::read(ask, span, now),
            Strips::read(ask, span),
        )?;
        Ok(Standings {
            span,
            now,
            whole,
            recent,
            strips,
        })
    }

    /// The row of a provider.
    pub fn row(&self, name: String, board: &Board, first_event: Option<Millis>) -> ProviderRow {
        let breakers: Vec<&Breaker> = board.breakers.iter().filter(|row| row.provider == name).collect();
        let said = standing::calls_say(&self.recent.of(&name));
        ProviderRow {
            said: CallsSay {
                level: wire::level(said.level),
                words: said.words,
            },
            breakers: breakers.len().try_into().unwrap_or(u32::MAX),
            breakers_open: breakers.iter().filter(|row| refuses(row.state)).count() as u32,
            strip: self.strips.of(&name, self.span),
            ..self.whole.row(name, self.now, first_event)
        }
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
pub(super) struct Whole {
    pub attempts: QueryAnswer,
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
        let questions = [
            ("attempts", ""),
            ("attempts", JUDGED),
            ("attempt_success", ""),
            ("latency_p50", ""),
            ("latency_p95", ""),
            ("latency_p99", ""),
            ("ttft_p95", ""),
            ("tokens_per_second", ""),
            ("cost_per_answer", ""),
            ("unpriced", ""),
        ];
        let whole = Resolution::MaxPoints(1);
        let answers = ask.all(questions, &["provider"], span, whole).await?;
        let by_provider = |answer: &QueryAnswer| values(answer).collect();
        let [_, judged, success, p50, p95, p99, ttft, tokens, cost, unpriced]: [ByProvider; 10] =
            answers.each_ref().map(by_provider);
        let [attempts, ..] = answers;
        Ok(Whole {
            count: values(&attempts).collect(),
            attempts,
            judged,
            success,
            p50,
            p95,
            p99,
            ttft,
            tokens,
            cost,
            unpriced,
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
            id: provider_id(&name),
            name,
        }
    }
}

/// The id of a provider in addresses.
pub(crate) fn provider_id(name: &str) -> String {
    format!("p_{:016x}", crate::live::provider_id(name))
}

/// How many models of each provider were called.
async fn models(ask: Ask<'_>, span: Span) -> Result<Option<BTreeMap<String, u32>>, QueryError> {
    let groups = ["provider", "model"];
    let answer = ask
        .all([("attempts", "")], &groups, span, Resolution::MaxPoints(1))
        .await;
    let [answer] = match answer {
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
        let [judged, success, denied, refused, first_now, duration_now] = ask
            .wholes(
                [
                    ("attempts", JUDGED),
                    ("attempt_success", ""),
                    ("attempts", DENIED),
                    ("rejected", ""),
                    ("ttft_p50", ""),
                    ("latency_p50", ""),
                ],
                last,
            )
            .await?;
        let [first_usual, duration_usual] = ask
            .wholes([("ttft_p50", ""), ("latency_p50", "")], before)
            .await?;
        Ok(Lately {
            judged,
            success,
            denied,
            refused,
            first_token: [first_now, first_usual],
            duration: [duration_now, duration_usual],
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
