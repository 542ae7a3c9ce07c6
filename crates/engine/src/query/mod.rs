//! Figures over any range: `GET /api/v1/query` and what the pages of history show.
//!
//! A question is planned ([`plan`]: steps, and the coarsest rung that fills them), read (chunks from the store, what
//! they lack from live memory, so that there is no gap at the right edge), and added up ([`sweep`]). Breakers' figures
//! come from their stored transitions ([`breakers`]). A question about what counts is cut by the times that somebody marked
//! ([`gaps`]), and what was stored under another name is told under the one it has now (`record::renames`). Backtests of
//! rules slide windows over stored buckets ([`slide`]), objectives count the durations below a limit ([`share`]).
//!
//! Deliberately absent: any cache (chunks are small and the database's pages are cached), and formatting.

mod breakers;
mod gaps;
mod groups;
mod measure;
mod plan;
mod request;
mod share;
mod slide;
mod sweep;

pub(crate) use groups::dimension_of;
pub use plan::Resolution;
pub(crate) use plan::STEPS;
pub use request::{QueryError, QueryRequest};
pub(crate) use slide::{SlideError, Values, request_of};

use std::sync::Arc;

use domain::Millis;
use protocol::query::{MAX_SERIES, PreviousPeriod, QueryAnswer, QuerySeries, Unit, info};
use store::{ChunkParts, StoreError, TenantScope};

use crate::RungLimits;
use crate::config::Stores;
use crate::record::Mark;
use crate::tenants::Tenant;
use groups::Groups;
use measure::{Measure, Sketched};
use plan::{Ground, Plan};
use request::{CallQuery, LabelDimensions};
use sweep::{Fresh, Lines, Source};

/// The most lines of a question of our own pages, which show the worst or the busiest of them.
const MAX_LINES: usize = 2_000;

/// The dimensions of the lines, and the lines.
type Answered = (Vec<String>, Vec<QuerySeries>);

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

    /// Answers questions about calls, each without its comparison. Those over the same range and steps share one reading
    /// of the store, whatever their metrics, groups and filters are.
    pub async fn answer_all(&self, requests: &[QueryRequest]) -> Result<Vec<QueryAnswer>, QueryError> {
        self.answer_by(requests, |request| self.plan(request)).await
    }

    /// Answers questions about calls over the steps between edges, whatever range and steps they name: days of a zone
    /// that changes its clocks are not equally long.
    pub async fn answer_between(
        &self,
        requests: &[QueryRequest],
        edges: &[Millis],
    ) -> Result<Vec<QueryAnswer>, QueryError> {
        let plan =
            Plan::between(edges, self.ground()).map_err(|points| QueryError::TooManyPoints { points })?;
        self.answer_by(requests, |request| Ok(self.counted(request, plan.clone())))
            .await
    }

    async fn answer_by(
        &self,
        requests: &[QueryRequest],
        plan: impl Fn(&QueryRequest) -> Result<Plan, QueryError>,
    ) -> Result<Vec<QueryAnswer>, QueryError> {
        let mut readings: Vec<(Plan, Vec<(usize, CallQuery)>)> = Vec::new();
        let labels = self.labels();
        for (place, request) in requests.iter().enumerate() {
            let (plan, mut query) = (plan(request)?, request.call_query(&labels)?);
            query.most = MAX_LINES;
            match readings.iter_mut().find(|(known, _)| *known == plan) {
                Some((_, queries)) => queries.push((place, query)),
                None => readings.push((plan, vec![(place, query)])),
            }
        }
        let mut answers: Vec<(usize, QueryAnswer)> = Vec::with_capacity(requests.len());
        for (plan, queries) in readings {
            let places: Vec<usize> = queries.iter().map(|(place, _)| *place).collect();
            let queries = queries.into_iter().map(|(_, query)| query).collect();
            let answered = self.calls(queries, &plan).await?;
            for (place, answered) in places.into_iter().zip(answered) {
                answers.push((place, self.finish(&requests[place], &plan, answered)));
            }
        }
        answers.sort_unstable_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    async fn one(&self, request: &QueryRequest) -> Result<QueryAnswer, QueryError> {
        let plan = self.plan(request)?;
        let answered = if request.is_about_breakers() {
            breakers::series(self, request, &plan).await?
        } else {
            let query = request.call_query(&self.labels())?;
            let mut answered = self.calls(vec![query], &plan).await?;
            answered.pop().unwrap_or_default()
        };
        match answered.1.len() {
            series if series > MAX_SERIES => Err(QueryError::TooManySeries {
                series,
                most: MAX_SERIES,
            }),
            _ => Ok(self.finish(request, &plan, answered)),
        }
    }

    fn labels(&self) -> LabelDimensions {
        let live = self.tenant.live();
        LabelDimensions {
            known: live.label_dimensions(),
            kept: live.kept_labels().into_iter().map(|(name, ..)| name).collect(),
            renames: live.renames(),
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            now: self.now,
            offset: self.offset,
            limits: self.limits,
        }
    }

    fn plan(&self, request: &QueryRequest) -> Result<Plan, QueryError> {
        let plan = Plan::make(
            request.span.from,
            request.span.to,
            request.resolution,
            self.ground(),
        )
        .map_err(|points| QueryError::TooManyPoints { points })?;
        Ok(self.counted(request, plan))
    }

    /// The plan without the times that somebody marked, for a question about what counts.
    fn counted(&self, request: &QueryRequest, plan: Plan) -> Plan {
        let marks = self.tenant.marks.now();
        if !request.counting || marks.is_empty() {
            return plan;
        }
        let renames = self.tenant.live().renames();
        let named = |mark: &Mark| (mark.from, mark.to, renames.filter(&mark.filter));
        plan.leaving_out(&marks.iter().map(named).collect::<Vec<_>>(), self.ground())
    }

    fn finish(&self, request: &QueryRequest, plan: &Plan, (group_by, series): Answered) -> QueryAnswer {
        QueryAnswer {
            metric: request.metric.clone(),
            group_by,
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
        }
    }

    /// Answers questions that have the same plan.
    async fn calls(&self, queries: Vec<CallQuery>, plan: &Plan) -> Result<Vec<Answered>, QueryError> {
        let sources = self.read(plan, parts(&queries)).await?;
        let first_event = self.tenant.live().first_event();
        let (plan, now) = (plan.clone(), self.now);
        let added =
            tokio::task::spawn_blocking(move || add_all(&queries, &plan, &sources, (first_event, now)));
        added
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?
    }

    /// The store first, live memory second: see `live::uncompacted`.
    async fn read(&self, plan: &Plan, parts: ChunkParts) -> Result<Vec<Source>, StoreError> {
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
                    fresh.push((bucket, key.clone(), Fresh::of(stats, parts)));
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

/// The sketches that some of the questions need.
fn parts(queries: &[CallQuery]) -> ChunkParts {
    let needs = |which: Sketched| {
        queries
            .iter()
            .any(|query| matches!(query.measure, Measure::Quantile(sketched, _) if sketched == which))
    };
    ChunkParts {
        latency: needs(Sketched::Latency),
        ttft: needs(Sketched::Ttft),
    }
}

/// The answers, in the order of the questions. Quantiles of the same lines are found together.
fn add_all(
    queries: &[CallQuery],
    plan: &Plan,
    sources: &[Source],
    times: (Option<Millis>, Millis),
) -> Result<Vec<Answered>, QueryError> {
    let mut answers: Vec<Option<Vec<QuerySeries>>> = vec![None; queries.len()];
    for (place, query) in queries.iter().enumerate() {
        if answers[place].is_some() {
            continue;
        }
        let mut groups = Groups::new(query);
        match query.measure {
            Measure::Sums(formula) => {
                let reads_sums = query.measure.reads_sums();
                let lines = sweep::sums(plan, formula, reads_sums, sources, &mut groups)?;
                let is_sum = formula.whole.is_none();
                answers[place] = Some(told(lines, &groups, plan, is_sum.then_some(times)));
            }
            Measure::Quantile(sketched, _) => {
                let (places, qs): (Vec<usize>, Vec<f64>) = queries
                    .iter()
                    .enumerate()
                    .skip(place)
                    .filter(|(_, other)| query.same_lines(other))
                    .filter_map(|(place, other)| match other.measure {
                        Measure::Quantile(which, q) if which == sketched => Some((place, q)),
                        _ => None,
                    })
                    .unzip();
                let found = sweep::quantiles(plan, sketched, &qs, sources, &mut groups)?;
                for (place, lines) in places.into_iter().zip(found) {
                    answers[place] = Some(told(lines, &groups, plan, None));
                }
            }
        }
    }
    let groups = queries.iter().map(|query| query.group_by.clone());
    Ok(groups
        .zip(answers.into_iter().map(Option::unwrap_or_default))
        .collect())
}

/// Lines as they are told, by group. `sum` says when the first event was and what time it is: a sum of nothing is zero
/// only where something could have come.
fn told(
    lines: Lines,
    groups: &Groups<'_>,
    plan: &Plan,
    sum: Option<(Option<Millis>, Millis)>,
) -> Vec<QuerySeries> {
    let possible = |step: usize| {
        sum.is_none_or(|(first_event, now)| {
            plan.start_of(step) <= now && first_event.is_some_and(|first| first < plan.start_of(step + 1))
        })
    };
    let blank: Vec<bool> = (0..plan.steps).map(|step| plan.is_blank(step)).collect();
    let mut series = Vec::new();
    for (line, values) in lines.into_iter().enumerate() {
        if values.iter().all(Option::is_none) {
            continue;
        }
        let points = values.into_iter().enumerate().map(|(step, value)| {
            let value = value.filter(|_| possible(step) && !blank[step]);
            (plan.start_of(step), value)
        });
        series.push(QuerySeries {
            group: groups.name(line),
            points: points.collect(),
        });
    }
    series.sort_by(|a, b| a.group.cmp(&b.group));
    series
}
