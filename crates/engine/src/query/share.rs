//! How many durations lie below a limit: the share of streams whose first token came in time.
//!
//! Read from the same stored sketches as quantiles are ([`super::sweep`]). A sketch tells durations apart to 1%: one that is
//! within 1% of the limit may count on either side, every other counts where it belongs.

use domain::sketch::Sketch;
use domain::{Micros, Millis};
use store::StoreError;
use store::codec::{ChunkFigures, SketchColumn};

use super::groups::Groups;
use super::measure::{Measure, Sketched};
use super::plan::Plan;
use super::request::CallQuery;
use super::slide::Group;
use super::sweep::{Source, memberships, step_of};
use super::{Asked, QueryError, QueryRequest, parts};

/// Below a limit, and all, by step.
pub(crate) type Shares = Vec<(u64, u64)>;

/// What was counted.
pub(crate) struct Below {
    /// Start of the first step.
    pub from: Millis,
    /// Width of a step.
    pub step: Millis,
    /// A part of the range is no longer kept.
    pub partial: bool,
    /// Groups with what was counted in each step.
    pub lines: Vec<(Group, Shares)>,
}

impl Asked<'_> {
    /// Whether a question makes sense here: its filter names labels that are kept.
    pub(crate) fn can_answer(&self, request: &QueryRequest) -> Result<(), QueryError> {
        request.call_query(&self.labels()).map(drop)
    }

    /// Counts durations below a limit, for a question whose metric is a quantile of them.
    pub(crate) async fn below(&self, request: &QueryRequest, limit: Micros) -> Result<Below, QueryError> {
        let (plan, query) = (self.plan(request)?, request.call_query(&self.labels())?);
        let Measure::Quantile(sketched, _) = query.measure else {
            return Err(QueryError::UnknownMetric(request.metric.clone()));
        };
        let sources = self.read(&plan, parts(std::slice::from_ref(&query))).await?;
        let counted = tokio::task::spawn_blocking(move || count(&query, &plan, &sources, (sketched, limit)));
        counted
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?
    }
}

fn count(
    query: &CallQuery,
    plan: &Plan,
    sources: &[Source],
    (sketched, limit): (Sketched, Micros),
) -> Result<Below, QueryError> {
    let mut groups = Groups::new(query);
    let mut lines: Vec<Shares> = Vec::new();
    let mut add = |line: u32, step: usize, sketch: &Sketch| {
        let line = line as usize;
        if lines.len() <= line {
            lines.resize_with(line + 1, || vec![(0, 0); plan.steps]);
        }
        let (below, all) = &mut lines[line][step];
        *below += sketch.count_between(0, limit);
        *all += sketch.count();
    };
    for source in sources {
        let left_out = plan.left_out(&source.stretch);
        for chunk in &source.chunks {
            let figures = ChunkFigures::open(&chunk.figures)?;
            let mut members = memberships(&figures, &mut groups)?;
            for (member, key) in members.iter_mut().zip(figures.all_series()) {
                if groups.leaves_out(&left_out, key) {
                    member.lines.clear();
                }
            }
            let mut column = SketchColumn::open(match sketched {
                Sketched::Latency => &chunk.latency,
                Sketched::Ttft => &chunk.ttft,
            })?;
            for row in 0..figures.len() {
                let step = step_of(plan, &source.stretch, figures.bucket(row));
                let line = members[figures.series_index(row)].lines.first();
                match (step, line) {
                    (Some(step), Some((line, _))) => {
                        let mut sketch = Sketch::new();
                        column.next_into(&mut sketch)?;
                        add(*line, step, &sketch);
                    }
                    _ => column.skip()?,
                }
            }
        }
        for (bucket, key, fresh) in &source.fresh {
            if groups.leaves_out(&left_out, key) {
                continue;
            }
            let step = step_of(plan, &source.stretch, *bucket);
            if let (Some(step), Some(sketch)) = (step, fresh.sketch(sketched)) {
                for (line, _) in groups.of(key)?.lines {
                    add(line, step, sketch);
                }
            }
        }
    }
    let named = lines.into_iter().enumerate();
    Ok(Below {
        from: plan.from,
        step: plan.step,
        partial: plan.partial,
        lines: named.map(|(line, shares)| (groups.name(line), shares)).collect(),
    })
}
