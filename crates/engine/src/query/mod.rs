//! Figures over any range: `GET /api/v1/query` and what the pages of history show.
//!
//! A question is planned ([`plan`]: steps, and the coarsest rung that fills them), read (chunks from the store, what
//! they lack from live memory, so that there is no gap at the right edge), and added up ([`sweep`]). Breakers' figures
//! come from their stored transitions ([`breakers`]).
//!
//! Deliberately absent: any cache (chunks are small and the database's pages are cached), and formatting.

mod breakers;
mod groups;
mod measure;
mod plan;
mod request;
mod sweep;

pub(crate) use groups::dimension_of;
pub use plan::Resolution;
pub(crate) use plan::STEPS;
pub use request::{QueryError, QueryRequest};

use std::sync::Arc;

use domain::Millis;
use protocol::query::{MAX_SERIES, PreviousPeriod, QueryAnswer, QuerySeries, Unit, info};
use store::{ChunkParts, StoreError, TenantScope};

use crate::RungLimits;
use crate::config::Stores;
use crate::tenants::Tenant;
use groups::Groups;
use measure::{Measure, Sketched};
use plan::{Ground, Plan};
use request::CallQuery;
use sweep::{Fresh, Lines, Source};

/// The dimensions of the lines, and the lines.
type Answered = (Vec<&'static str>, Vec<QuerySeries>);

/// What answering needs.
pub(crate) struct Asked<'a> {
    pub stores: &'a Stores,
    pub scope: &'a TenantScope,
    pub tenant: Arc<Tenant>,
    pub limits: &'a [RungLimits; 4],
    pub offset: Millis,
    pub now: Millis,
}

impl Asked<'_> {
    /// Answers a question.
    pub async fn answer(&self, request: &QueryRequest) -> Result<QueryAnswer, QueryError> {
        let mut answer = self.one(request).await?;
        if request.compare_previous {
            let before = self.one(&request.previous(answer.from, answer.to)).await?;
            answer.previous = Some(PreviousPeriod {
                from: before.from,
                to: before.to,
                series: before.series,
            });
        }
        Ok(answer)
    }

    async fn one(&self, request: &QueryRequest) -> Result<QueryAnswer, QueryError> {
        let ground = Ground {
            now: self.now,
            offset: self.offset,
            limits: self.limits,
        };
        let plan = Plan::make(request.span.from, request.span.to, request.resolution, ground)
            .map_err(|points| QueryError::TooManyPoints { points })?;
        let (group_by, series) = if request.is_about_breakers() {
            breakers::series(self, request, &plan).await?
        } else {
            self.calls(request, &plan).await?
        };
        if series.len() > MAX_SERIES {
            return Err(QueryError::TooManySeries { series: series.len() });
        }
        Ok(QueryAnswer {
            metric: request.metric.clone(),
            group_by: group_by.into_iter().map(str::to_owned).collect(),
            unit: info(&request.metric).map_or(Unit::Count, |metric| metric.unit),
            from: plan.from,
            to: plan.to,
            step: plan.step,
            rung: if request.is_about_breakers() {
                "events".into()
            } else {
                plan.rung_names()
            },
            as_of: self.now,
            partial: plan.partial,
            open: plan.to > self.now,
            series,
            previous: None,
        })
    }

    async fn calls(&self, request: &QueryRequest, plan: &Plan) -> Result<Answered, QueryError> {
        let query = request.call_query()?;
        let group_by = query.group_by.clone();
        let sources = self.read(plan, &query).await?;
        let first_event = self.tenant.live().first_event();
        let (plan, now) = (plan.clone(), self.now);
        let added = tokio::task::spawn_blocking(move || add_up(&query, &plan, &sources, first_event, now));
        let series = added
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?;
        Ok((group_by, series?))
    }

    /// The store first, live memory second: see `live::uncompacted`.
    async fn read(&self, plan: &Plan, query: &CallQuery) -> Result<Vec<Source>, StoreError> {
        let sketched = match query.measure {
            Measure::Quantile(sketched, _) => Some(sketched),
            Measure::Sums(_) => None,
        };
        let parts = ChunkParts {
            latency: sketched == Some(Sketched::Latency),
            ttft: sketched == Some(Sketched::Ttft),
        };
        let mut sources = Vec::with_capacity(plan.stretches.len());
        for stretch in &plan.stretches {
            let (from, to) = (stretch.from, stretch.to);
            let rollups = &self.stores.rollups;
            let mut read = rollups.chunks(self.scope, stretch.rung, from, to, parts).await?;
            read.chunks.sort_by_key(|chunk| (chunk.head.from, chunk.head.id));
            let mut fresh = Vec::new();
            self.tenant
                .live()
                .for_each_uncompacted(read.compacted, from, to, |bucket, key, stats| {
                    fresh.push((bucket, key.clone(), Fresh::of(stats, sketched)));
                });
            sources.push(Source {
                stretch: *stretch,
                chunks: read.chunks,
                fresh,
            });
        }
        Ok(sources)
    }
}

fn add_up(
    query: &CallQuery,
    plan: &Plan,
    sources: &[Source],
    first_event: Option<Millis>,
    now: Millis,
) -> Result<Vec<QuerySeries>, QueryError> {
    let mut groups = Groups::new(query);
    let (lines, is_sum): (Lines, bool) = match query.measure {
        Measure::Sums(formula) => {
            let reads_sums = query.measure.reads_sums();
            let lines = sweep::sums(plan, formula, reads_sums, sources, &mut groups)?;
            (lines, formula.whole.is_none())
        }
        Measure::Quantile(sketched, q) => (sweep::quantiles(plan, sketched, q, sources, &mut groups)?, false),
    };
    // A sum of nothing is zero only where something could have come.
    let possible = |step: usize| {
        let start = plan.from + step as Millis * plan.step;
        start <= now && first_event.is_some_and(|first| first < start.saturating_add(plan.step))
    };
    let mut series = Vec::new();
    for (line, values) in lines.into_iter().enumerate() {
        if values.iter().all(Option::is_none) {
            continue;
        }
        let points = values.into_iter().enumerate().map(|(step, value)| {
            let value = value.filter(|_| !is_sum || possible(step));
            (plan.from + step as Millis * plan.step, value)
        });
        series.push(QuerySeries {
            group: groups.name(line),
            points: points.collect(),
        });
    }
    series.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(series)
}
