//! The two ways in which rules are evaluated: about breakers as soon as one changes, all else when a bucket has ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use domain::Millis;
use domain::alert::{Condition, Labels, Reading};
use store::StoreError;

use super::desk::{Desk, Ruled, State};
use super::figures::{Figure, Needs, STEP, Seen, labels_of, reading};
use super::{Evaluator, SETTLE};
use crate::metrics::Counters;
use crate::query::{QueryRequest, Values, request_of};
use crate::tenants::Tenant;

/// The outcome is a dimension of some counts that no other figure has.
const OUTCOME: &str = "outcome";

/// What was found about the groups of one rule: labels and the values of its figures.
type Found = Vec<(Labels, Values)>;

impl Evaluator {
    /// Rules about breakers, now.
    pub(super) async fn wake(&self, tenant: &Arc<Tenant>) -> Result<(), StoreError> {
        let desk = self.desk(tenant).await?;
        let mut state = desk.state.lock().await;
        let now = self.clock.now();
        self.look_at_breakers(&desk, &mut state, now);
        self.reconcile(&desk, &mut state, now).await
    }

    /// Everything, when a bucket has ended that was not judged yet.
    pub(super) async fn turn(&self, tenant: &Arc<Tenant>) -> Result<(), StoreError> {
        let desk = self.desk(tenant).await?;
        let now = self.clock.now();
        let settled = now - SETTLE;
        let at = settled - settled.rem_euclid(STEP);
        let asked: Vec<(u64, u64, Needs)> = {
            let mut state = desk.state.lock().await;
            // A clock that was set back judges nothing twice.
            if state.grid.is_some_and(|judged| at <= judged) {
                return Ok(());
            }
            state.grid = Some(at);
            let rules = state.rules.iter().filter_map(|(id, ruled)| {
                let needs = ruled.active()?.needs.clone()?;
                Some((*id, ruled.stored.version, needs))
            });
            rules.collect()
        };
        let found = self.ask(&desk, at, now, &asked).await;
        let mut state = desk.state.lock().await;
        Counters::add(&self.counters.evaluations, asked.len() as u64);
        for ((id, version, _), found) in asked.iter().zip(found) {
            let Some(ruled) = state.rules.get_mut(id) else {
                continue;
            };
            if ruled.stored.version == *version {
                see(*id, ruled, at, &found);
            }
        }
        let now = self.clock.now();
        self.look_at_breakers(&desk, &mut state, now);
        state.tidy(now);
        self.reconcile(&desk, &mut state, now).await
    }

    /// The values of every rule's figures, told apart by group, in the order of the rules. A rule that cannot be answered
    /// has none.
    async fn ask(&self, desk: &Desk, at: Millis, now: Millis, rules: &[(u64, u64, Needs)]) -> Vec<Found> {
        let asked = self.asked(desk, now);
        let mut requests: Vec<QueryRequest> = Vec::new();
        let mut places: HashMap<(Figure, Vec<String>, String), usize> = HashMap::new();
        let mut of_rules: Vec<Vec<usize>> = Vec::with_capacity(rules.len());
        for (_, _, needs) in rules {
            if asked.check(needs).is_err() {
                of_rules.push(Vec::new());
                continue;
            }
            let place = |figure: &Figure| {
                let key = (figure.clone(), needs.group_by.clone(), needs.filter.clone());
                *places.entry(key).or_insert_with(|| {
                    requests.push(request_of(needs, figure, at));
                    requests.len() - 1
                })
            };
            of_rules.push(needs.figures.iter().map(place).collect());
        }
        let mut answers: Vec<BTreeMap<Labels, f64>> = Vec::with_capacity(requests.len());
        match asked.answer_all(&requests).await {
            Ok(told) => answers.extend(told.iter().map(|answer| by_group(&answer.series))),
            // One of them cannot be answered: each by itself, so that the others can.
            Err(_) => {
                for request in &requests {
                    let told = asked.answer_all(std::slice::from_ref(request)).await;
                    answers.push(match told {
                        Ok(told) => told.first().map(|answer| by_group(&answer.series)).unwrap_or_default(),
                        Err(error) => {
                            Counters::add(&self.counters.evaluation_failures, 1);
                            tracing::warn!(tenant = %desk.tenant.id, metric = request.metric, %error, "a figure of a rule cannot be had");
                            BTreeMap::new()
                        }
                    });
                }
            }
        }
        of_rules.iter().map(|places| together(places, &answers)).collect()
    }

    /// Every rule about breakers looks at all of them.
    fn look_at_breakers(&self, desk: &Desk, state: &mut State, now: Millis) {
        let (standings, news, renames) = {
            let live = desk.tenant.live();
            let news = live.transitions_after(state.openings.last());
            (live.standings(), news, live.renames())
        };
        for row in &news {
            state.openings.take(row);
        }
        state.openings.forget(now - 86_400_000);
        let State { rules, openings, .. } = state;
        for (id, ruled) in rules.iter_mut() {
            let Some(judged) = ruled.active_mut() else {
                continue;
            };
            // A rule goes on meaning what is called otherwise by now.
            let filter = renames.filter(&judged.filter);
            let readings: Vec<(Labels, Reading)> = match &judged.rule.condition {
                Condition::BreakerState(breaker) => standings
                    .iter()
                    .map(|standing| (standing, renames.standing(standing)))
                    .filter(|(_, named)| named.passes(&filter))
                    .map(|(standing, named)| (standing.labels(), named.reading(breaker, &filter, now)))
                    .collect(),
                Condition::Flapping(flapping) => openings.readings(flapping, &filter, now),
                _ => continue,
            };
            // Nothing to remember of what is well and was so.
            let mut told: HashSet<u64> = HashSet::new();
            for (labels, found) in &readings {
                let print = domain::alert::fingerprint(*id, labels);
                told.insert(print);
                let bad = judged.rule.judge(found) == domain::alert::Judgement::Bad;
                if bad || judged.groups.contains_key(&print) {
                    judged.see(*id, labels, found, &[]);
                }
            }
            let flapping = matches!(judged.rule.condition, Condition::Flapping(_));
            for (print, group) in &mut judged.groups {
                if !told.contains(print) {
                    // A breaker that nobody knows any more says nothing; one that has not opened lately does not flap.
                    let gone = Reading {
                        at: now,
                        value: flapping.then_some(0.0),
                        samples: 0,
                        since: None,
                    };
                    group.step(&judged.rule, &gone);
                }
            }
        }
    }
}

/// The values of a line that has one point.
fn by_group(series: &[protocol::query::QuerySeries]) -> BTreeMap<Labels, f64> {
    let mut values = BTreeMap::new();
    for line in series {
        if let Some((_, Some(value))) = line.points.first() {
            values.insert(labels_of(&line.group), *value);
        }
    }
    values
}

/// The values of a rule's figures by group.
fn together(places: &[usize], answers: &[BTreeMap<Labels, f64>]) -> Found {
    let mut groups: BTreeMap<&Labels, ()> = BTreeMap::new();
    // A count by outcome has a dimension more than the count of its calls: the former names the groups.
    let most = places.iter().filter_map(|place| answers.get(*place));
    for labels in most.flat_map(BTreeMap::keys) {
        groups.insert(labels, ());
    }
    let by_outcome = groups.keys().any(|labels| labels.contains_key(OUTCOME));
    let value = |labels: &Labels, place: usize| {
        let answer = answers.get(place)?;
        answer.get(labels).copied().or_else(|| {
            let mut plain = labels.clone();
            plain.remove(OUTCOME)?;
            answer.get(&plain).copied()
        })
    };
    groups
        .keys()
        .filter(|labels| !by_outcome || labels.contains_key(OUTCOME))
        .map(|labels| {
            let values = places.iter().map(|place| value(labels, *place)).collect();
            ((*labels).clone(), values)
        })
        .collect()
}

/// Shows a rule what was found; groups of which nothing was found are shown that.
fn see(id: u64, ruled: &mut Ruled, at: Millis, found: &Found) {
    let Some(judged) = ruled.active_mut() else { return };
    let mut told: HashSet<u64> = HashSet::with_capacity(found.len());
    for (labels, values) in found {
        let print = domain::alert::fingerprint(id, labels);
        told.insert(print);
        let known = judged.groups.get(&print);
        let mut seen = known.map_or(Seen::default(), |group| group.seen);
        let found = reading(&judged.rule, at, values, &mut seen);
        let bad = judged.rule.judge(&found) == domain::alert::Judgement::Bad;
        // Most groups are well: only those are remembered that are not, were not, or may be missed.
        if bad || known.is_some() || seen.last.is_some() {
            judged.see(id, labels, &found, values);
            if let Some(group) = judged.groups.get_mut(&print) {
                group.seen = seen;
            }
        }
    }
    let silent: Vec<(u64, Labels, Seen)> = judged
        .groups
        .iter()
        .filter(|(print, _)| !told.contains(print))
        .map(|(print, group)| (*print, group.labels.clone(), group.seen))
        .collect();
    let figures = judged.needs.as_ref().map_or(0, |needs| needs.figures.len());
    let nothing = vec![None; figures];
    for (print, labels, mut seen) in silent {
        let found = reading(&judged.rule, at, &nothing, &mut seen);
        if let Some(group) = judged.groups.get_mut(&print) {
            group.step(&judged.rule, &found);
            if group.watch.is_firing() && found.value.is_some() {
                group.summary = super::words::summary(&judged.rule, &found, &nothing);
            }
        }
        debug_assert_eq!(print, domain::alert::fingerprint(id, &labels));
    }
}
