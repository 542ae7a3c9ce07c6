//! Figures of breakers, from their stored transitions: how long and how often instances were open.
//!
//! A transition says how long the state it left had lasted, so time open before the range's first transition is known;
//! for instances that did not change since, live state says what they are in.

use std::collections::BTreeMap;

use domain::Millis;
use domain::breaker::State;
use protocol::Filter;
use protocol::query::{MAX_SERIES, QuerySeries};
use store::TransitionRow;

use super::plan::Plan;
use super::request::{QueryError, QueryRequest};
use super::{Answered, Asked};
use crate::history::{self, Stretch};
use crate::names::Names;

/// What one instance did, as far as it matters here.
struct Instance {
    group: Vec<String>,
    /// Start and end of each stretch in which it was open.
    open: Vec<(Millis, Millis)>,
    openings: Vec<Millis>,
    transitions: Vec<Millis>,
}

impl Instance {
    /// Without what it did in these times, which are in order.
    fn leave_out(&mut self, gaps: &[(Millis, Millis)]) {
        if gaps.is_empty() {
            return;
        }
        let counts = |at: &Millis| !gaps.iter().any(|(from, to)| (*from..*to).contains(at));
        self.openings.retain(counts);
        self.transitions.retain(counts);
        let open = std::mem::take(&mut self.open);
        for (mut start, end) in open {
            for (from, to) in gaps {
                if *from >= end || *to <= start {
                    continue;
                }
                if start < *from {
                    self.open.push((start, *from));
                }
                start = start.max(*to);
            }
            if start < end {
                self.open.push((start, end));
            }
        }
    }
}

/// The lines of an answer about breakers.
pub(super) async fn series(
    asked: &Asked<'_>,
    request: &QueryRequest,
    plan: &Plan,
) -> Result<Answered, QueryError> {
    let (group_by, filter) = request.breaker_query()?;
    let renames = asked.tenant.live().renames();
    let filter = renames.filter(&filter);
    let until = plan.to.min(asked.now.saturating_add(1));
    let stretch = Stretch {
        breaker: None,
        from: plan.from,
        to: until,
        most: usize::MAX,
    };
    let log = history::read(asked.stores, asked.scope, &asked.tenant, stretch).await?;
    let mut rows = log.rows;
    // By the names of now, whether an instance was heard of under them or not.
    rows.iter_mut().for_each(|row| renames.row(&asked.tenant.id, row));
    let mut by_instance: BTreeMap<(u64, String), Vec<&TransitionRow>> = BTreeMap::new();
    for row in &rows {
        let place = (row.breaker.0, row.instance.clone());
        by_instance.entry(place).or_default().push(row);
    }
    let mut lines: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
    let mut add = |instance: &Instance| {
        let values = lines
            .entry(instance.group.clone())
            .or_insert_with(|| vec![0.0; plan.steps]);
        match request.metric.as_str() {
            "open_time" => instance.open.iter().for_each(|open| spread(*open, plan, values)),
            "openings" => instance.openings.iter().for_each(|at| count(*at, plan, values)),
            _ => instance
                .transitions
                .iter()
                .for_each(|at| count(*at, plan, values)),
        }
    };
    for rows in by_instance.values() {
        if let Some(mut instance) = instance(rows, &group_by, &filter, plan.from, until) {
            if let Some(newest) = rows.last() {
                instance.leave_out(&plan.gaps_of(&newest.key, &newest.provider, &newest.instance));
            }
            add(&instance);
        }
    }
    // Open all the time: no transition in the range tells of it.
    for mut still in asked.tenant.live().open_instances() {
        renames.open(&asked.tenant.id, &mut still);
        let place = (still.breaker.0, still.instance.clone());
        if !by_instance.contains_key(&place) && still.since < until && still.names().pass(&filter) {
            let mut instance = Instance {
                group: still.names().values(&group_by),
                open: vec![(still.since.max(plan.from), until)],
                openings: Vec::new(),
                transitions: Vec::new(),
            };
            instance.leave_out(&plan.gaps_of(&still.key, &still.provider, &still.instance));
            add(&instance);
        }
    }
    if lines.len() > MAX_SERIES {
        return Err(QueryError::TooManySeries {
            series: lines.len(),
            most: MAX_SERIES,
        });
    }
    let blank: Vec<bool> = (0..plan.steps).map(|step| plan.is_blank(step)).collect();
    let point = |step: usize, value: f64| {
        let start = plan.from + step as Millis * plan.step;
        (start, (start <= asked.now && !blank[step]).then_some(value))
    };
    let line = |(values, steps): (Vec<String>, Vec<f64>)| QuerySeries {
        group: group_by.iter().cloned().zip(values).collect(),
        points: steps
            .into_iter()
            .enumerate()
            .map(|(step, value)| point(step, value))
            .collect(),
    };
    let series = lines.into_iter().map(line).collect();
    Ok((group_by, series))
}

/// What an instance's transitions, oldest first, say about `from..until`.
fn instance(
    rows: &[&TransitionRow],
    group_by: &[String],
    filter: &Filter,
    from: Millis,
    until: Millis,
) -> Option<Instance> {
    let (first, newest) = (rows.first()?, rows.last()?);
    let names = Names::of(newest);
    if !names.pass(filter) {
        return None;
    }
    let mut instance = Instance {
        group: names.values(group_by),
        open: Vec::new(),
        openings: Vec::new(),
        transitions: Vec::new(),
    };
    let mut since = match (first.from, first.lasted) {
        (Some(State::Open), Some(lasted)) => Some((first.at - lasted).max(from)),
        (Some(State::Open), None) => Some(from),
        _ => None,
    };
    for row in rows {
        instance.transitions.push(row.at);
        if row.to == State::Open {
            if since.is_none() {
                instance.openings.push(row.at);
                since = Some(row.at);
            }
        } else if let Some(start) = since.take() {
            instance.open.push((start, row.at));
        }
    }
    instance.open.extend(since.map(|start| (start, until)));
    Some(instance)
}

fn count(at: Millis, plan: &Plan, values: &mut [f64]) {
    if let Some(value) = usize::try_from((at - plan.from).div_euclid(plan.step))
        .ok()
        .and_then(|step| values.get_mut(step))
    {
        *value += 1.0;
    }
}

/// Spreads a stretch over the steps it touches.
fn spread((start, end): (Millis, Millis), plan: &Plan, values: &mut [f64]) {
    let mut at = start.max(plan.from);
    while at < end.min(plan.to) {
        let step = (at - plan.from) / plan.step;
        let next = (plan.from + (step + 1) * plan.step).min(end);
        if let Some(value) = usize::try_from(step).ok().and_then(|step| values.get_mut(step)) {
            *value += (next - at) as f64;
        }
        at = next;
    }
}
