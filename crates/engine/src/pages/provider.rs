//! The page of one provider over a range: the row it has in the list, its figures over time, its models, deployments and
//! breakers.

use domain::Millis;
use domain::standing::Sample;
use protocol::query::{QueryAnswer, QuerySeries};
use protocol::view::{
    Board, Breaker, MAX_PARTS, OutcomeSteps, ProviderBreaker, ProviderHistory, ProviderPage, ProviderPart,
    Steps,
};
use protocol::{Filter, Range, Span};
use store::TenantScope;

use super::PageError;
use super::ask::{Ask, JUDGED, count};
use super::over_time::{LINE_POINTS, shown};
use super::providers::{Standings, provider_id};
use crate::{Engine, QueryError, Resolution, wire};

impl Engine {
    /// One provider, by its `p_…` id, over a range in Grafana's grammar; `None` when no provider has this id.
    ///
    /// # Errors
    /// See [`PageError`]: the range makes no sense, or the store cannot be read.
    pub async fn provider(
        &self,
        scope: &TenantScope,
        id: &str,
        from: &str,
        to: &str,
    ) -> Result<Option<ProviderPage>, PageError> {
        let (now, zone) = (self.clock().now(), self.utc_offset_min());
        let span = Span::parse(from, to, now, zone)?;
        let board = self.board(scope, Range::M15);
        let Some(name) = self.provider_name(scope, &board, id) else {
            return Ok(None);
        };
        let only = Filter::default()
            .with("provider", &name)
            .map_err(QueryError::Filter)?
            .to_string();
        let ask = Ask {
            engine: self,
            scope,
            only: &only,
        };
        let (standing, sums, lines, (models, models_left_out), (deployments, _)) = tokio::try_join!(
            Standings::read(ask, span, now),
            Sums::read(ask, span),
            lines(ask, span, now),
            parts(ask, span, "model"),
            parts(ask, span, "deployment"),
        )?;
        Ok(Some(ProviderPage {
            asked_from: from.to_owned(),
            asked_to: to.to_owned(),
            words: Span::words(from, to, now, zone),
            from: span.from,
            to: span.to,
            as_of: now,
            partial: standing.whole.attempts.partial,
            answered: sums.answered,
            retries: sums.retries,
            refused: sums.refused,
            stand_in: sums.stand_in,
            spent: sums.spent,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            lines,
            models,
            models_left_out,
            // One part without a name says nothing.
            deployments: deployments
                .into_iter()
                .filter(|part| !part.name.is_empty())
                .collect(),
            breakers: breakers(&board, &name),
            markers: self.markers(scope, span).await?.items,
            row: standing.row(name, &board, self.first_event(scope)),
        }))
    }

    /// The name behind an id, among the providers that were called or that a breaker names.
    fn provider_name(&self, scope: &TenantScope, board: &Board, id: &str) -> Option<String> {
        let known = self
            .series(scope)
            .dimensions
            .remove("provider")
            .unwrap_or_default();
        let live = board.providers.iter().map(|row| row.name.clone());
        known.into_iter().chain(live).find(|name| provider_id(name) == id)
    }
}

/// Figures over the whole range that the list has not.
struct Sums {
    answered: Option<f64>,
    retries: u64,
    refused: u64,
    stand_in: Option<f64>,
    spent: Option<f64>,
    input_tokens: u64,
    output_tokens: u64,
}

impl Sums {
    async fn read(ask: Ask<'_>, span: Span) -> Result<Sums, QueryError> {
        let questions = [
            ("answered", ""),
            ("retries", ""),
            ("rejected", ""),
            ("fallback_rate", ""),
            ("cost", ""),
            ("unpriced", ""),
            ("input_tokens", ""),
            ("output_tokens", ""),
        ];
        let answers = ask.all(questions, &[], span, Resolution::MaxPoints(1)).await?;
        let [
            answered,
            retries,
            refused,
            stand_in,
            cost,
            unpriced,
            input,
            output,
        ] = answers
            .each_ref()
            .map(|answer| answer.series.first().and_then(one));
        Ok(Sums {
            answered,
            retries: count(retries.as_ref()),
            refused: count(refused.as_ref()),
            stand_in,
            spent: known_cost(cost, unpriced),
            input_tokens: count(input.as_ref()),
            output_tokens: count(output.as_ref()),
        })
    }
}

/// The only value of a line.
fn one(series: &QuerySeries) -> Option<f64> {
    series.points.first().and_then(|(_, value)| *value)
}

/// A cost of nothing is only believed of calls that have prices.
fn known_cost(cost: Option<f64>, unpriced: Option<f64>) -> Option<f64> {
    cost.filter(|cost| *cost > 0.0 || unpriced.is_some_and(|share| share < 1.0))
}

async fn lines(ask: Ask<'_>, span: Span, now: Millis) -> Result<ProviderHistory, QueryError> {
    let questions = [
        ("attempt_success", ""),
        ("latency_p50", ""),
        ("latency_p95", ""),
        ("latency_p99", ""),
        ("ttft_p50", ""),
        ("ttft_p95", ""),
        ("input_tokens", ""),
        ("output_tokens", ""),
        ("cost", ""),
        ("outcomes", ""),
    ];
    let answers = ask
        .all(questions, &[], span, Resolution::MaxPoints(LINE_POINTS))
        .await?;
    let [
        success,
        p50,
        p95,
        p99,
        ttft_p50,
        ttft_p95,
        input,
        output,
        cost,
        outcomes,
    ] = &answers;
    let half = |answer: &QueryAnswer| shown(answer, answer.series.first(), answer.step / 2, now);
    // A sum of a step that has not ended is always too low.
    let sum = |answer: &QueryAnswer| shown(answer, answer.series.first(), answer.step, now);
    Ok(ProviderHistory {
        from: success.from,
        step: success.step,
        success: half(success),
        p50_ms: half(p50),
        p95_ms: half(p95),
        p99_ms: half(p99),
        ttft_p50_ms: half(ttft_p50),
        ttft_p95_ms: half(ttft_p95),
        input_tokens: sum(input),
        output_tokens: sum(output),
        cost: sum(cost),
        outcomes: by_outcome(outcomes, now),
    })
}

/// The most first, so that what is rare lies on top of the stack.
fn by_outcome(answer: &QueryAnswer, now: Millis) -> Vec<OutcomeSteps> {
    let total = |values: &Steps| values.iter().flatten().sum::<f64>();
    let mut lines: Vec<OutcomeSteps> = answer
        .series
        .iter()
        .map(|series| OutcomeSteps {
            outcome: series.group.get("outcome").cloned().unwrap_or_default(),
            values: shown(answer, Some(series), answer.step, now),
        })
        .filter(|line| total(&line.values) > 0.0)
        .collect();
    lines.sort_by(|one, other| {
        let by_total = total(&other.values).total_cmp(&total(&one.values));
        by_total.then_with(|| one.outcome.cmp(&other.outcome))
    });
    lines
}

/// Models or deployments, the busiest first, and how many are left out; `None` when they are too many to be told apart.
async fn parts(ask: Ask<'_>, span: Span, key: &str) -> Result<(Vec<ProviderPart>, Option<u32>), QueryError> {
    let questions = [
        ("attempts", ""),
        ("attempts", JUDGED),
        ("attempt_success", ""),
        ("latency_p95", ""),
        ("ttft_p95", ""),
        ("tokens_per_second", ""),
        ("cost", ""),
        ("unpriced", ""),
    ];
    let answers = match ask.all(questions, &[key], span, Resolution::MaxPoints(1)).await {
        Err(QueryError::TooManySeries { .. }) => return Ok((Vec::new(), None)),
        answers => answers?,
    };
    let [attempts, judged, success, p95, ttft, tokens, cost, unpriced] = &answers;
    let mut parts: Vec<ProviderPart> = attempts
        .series
        .iter()
        .map(|series| {
            let name = series.group.get(key).cloned().unwrap_or_default();
            let of = |answer: &QueryAnswer| {
                let same = answer.series.iter().find(|other| other.group == series.group);
                same.and_then(one)
            };
            let sample = Sample {
                judged: count(of(judged).as_ref()),
                success: of(success),
            };
            ProviderPart {
                name,
                attempts: count(one(series).as_ref()),
                success: sample.success,
                success_level: sample.level().map(wire::level),
                p95_ms: of(p95),
                ttft_p95_ms: of(ttft),
                tokens_per_second: of(tokens),
                cost: known_cost(of(cost), of(unpriced)),
            }
        })
        .filter(|part| part.attempts > 0)
        .collect();
    parts.sort_by(|one, other| {
        other
            .attempts
            .cmp(&one.attempts)
            .then_with(|| one.name.cmp(&other.name))
    });
    let left_out = parts.len().saturating_sub(MAX_PARTS);
    parts.truncate(MAX_PARTS);
    Ok((parts, Some(left_out.try_into().unwrap_or(u32::MAX))))
}

/// The breakers of a provider, the worst first.
fn breakers(board: &Board, name: &str) -> Vec<ProviderBreaker> {
    let mut rows: Vec<&Breaker> = board.breakers.iter().filter(|row| row.provider == name).collect();
    rows.sort_by(|one, other| {
        let worst = wire::severity(other.state).cmp(&wire::severity(one.state));
        worst
            .then_with(|| one.breaker.cmp(&other.breaker))
            .then_with(|| one.id.cmp(&other.id))
    });
    let row = |row: &Breaker| ProviderBreaker {
        id: row.id.clone(),
        name: row.breaker.clone(),
        service: row.service.clone(),
        environment: row.environment.clone(),
        model: row.model.clone(),
        state: row.state,
        since: row.since,
        failure_rate: row.failure_rate,
        failure_threshold: row.failure_threshold,
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_costs_are_told() {
        assert_eq!(known_cost(Some(0.0), Some(0.5)), Some(0.0));
        assert_eq!(known_cost(Some(0.0), Some(1.0)), None);
        assert_eq!(known_cost(Some(0.0), None), None);
        assert_eq!(known_cost(Some(2.0), Some(1.0)), Some(2.0));
    }
}
