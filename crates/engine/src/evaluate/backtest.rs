//! What a rule would have done: the same watches over stored history.
//!
//! Rules about calls slide over the 10 s buckets, as they are judged live ([`crate::query`]). Rules about breakers follow
//! the stored transitions in the order in which they arrived. What came late is in the buckets by now, so a moment may
//! differ from the live one by what was not there yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::Millis;
use domain::alert::{Condition, Judgement, Labels, Reading, Rule, defaults, fingerprint};
use domain::breaker::{BreakerId, State};
use protocol::alerts::{Backtest, BacktestTime};
use store::{StoreError, TransitionRow};

use super::breakers::{Openings, Standing};
use super::desk::{Desk, Group, Judged};
use super::figures::{STEP, labels_of, reading};
use super::{Evaluator, words};
use crate::history::{self, Stretch};
use crate::query::{QueryError, SlideError};
use crate::record::Renames;

/// What is over within this is short.
const SHORT: Millis = 5 * 60_000;
/// The times that are told.
const MOST_TIMES: usize = 1_000;
/// Transitions that one backtest follows.
const MOST_ROWS: usize = 200_000;
/// The longest range.
pub(crate) const LONGEST: Millis = 31 * 86_400_000;
const WEEK: f64 = 7.0 * 86_400_000.0;
/// Into so many steps the worst values are put, or fewer.
const STEPS: i64 = 360;

/// Why there is no backtest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BacktestError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("{0}")]
    TooMuch(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SlideError> for BacktestError {
    fn from(error: SlideError) -> BacktestError {
        match error {
            SlideError::Query(error) => BacktestError::Query(error),
            SlideError::TooMuch => BacktestError::TooMuch(error.to_string()),
        }
    }
}

impl Evaluator {
    /// Lets a rule see what was in `from < at <= to`.
    pub(crate) async fn backtest(
        &self,
        desk: &Desk,
        rule: &Rule,
        (from, to): (Millis, Millis),
    ) -> Result<Backtest, BacktestError> {
        let now = self.clock.now();
        let to = to.min(now - super::SETTLE);
        let mut past = Past::new(rule.clone(), (from, to));
        self.run(desk, &mut past, (from, to)).await?;
        let by_breaker = self.open_breakers(desk, (from, to)).await?;
        Ok(past.told(from, to, &by_breaker))
    }

    async fn run(
        &self,
        desk: &Desk,
        past: &mut Past,
        (from, to): (Millis, Millis),
    ) -> Result<(), BacktestError> {
        let mut judged = Judged::of(past.rule.clone()).map_err(BacktestError::TooMuch)?;
        // A rule means what is called otherwise by now, whether it was heard of under that name or not.
        past.renames = desk.tenant.live().renames();
        judged.filter = past.renames.filter(&judged.filter);
        let Some(needs) = &judged.needs else {
            let rows = self.rows(desk, (from, to)).await?;
            past.follow(desk, &judged, &rows, (from, to));
            return Ok(());
        };
        let rule = past.rule.clone();
        let asked = self.asked(desk, self.clock.now());
        asked
            .slide(needs, (from, to), |at, groups| {
                for (group, values) in groups {
                    let labels = labels_of(group);
                    past.see(at, &labels, values, |group| {
                        reading(&rule, at, values, &mut group.seen)
                    });
                }
            })
            .await?;
        Ok(())
    }

    async fn rows(
        &self,
        desk: &Desk,
        (from, to): (Millis, Millis),
    ) -> Result<Vec<TransitionRow>, BacktestError> {
        let stretch = Stretch {
            breaker: None,
            from,
            to: to + 1,
            most: MOST_ROWS,
        };
        let log = history::read(&self.stores, &desk.scope, &desk.tenant, stretch).await?;
        if log.complete_from > from {
            return Err(BacktestError::TooMuch(format!(
                "more than {MOST_ROWS} transitions in this range; shorten it"
            )));
        }
        let mut rows = log.rows;
        rows.sort_by_key(|row| (row.received, row.id));
        Ok(rows)
    }

    /// When breakers of each provider were open.
    async fn open_breakers(
        &self,
        desk: &Desk,
        span: (Millis, Millis),
    ) -> Result<Vec<BacktestTime>, BacktestError> {
        let Some((_, rule)) = defaults().into_iter().next() else {
            return Ok(Vec::new());
        };
        let mut past = Past::new(rule, span);
        self.run(desk, &mut past, span).await?;
        Ok(past.times)
    }
}

/// A rule going through history.
struct Past {
    rule: Rule,
    /// What is called otherwise.
    renames: Arc<Renames>,
    groups: HashMap<u64, Tracked>,
    times: Vec<BacktestTime>,
    worst: Worst,
}

/// The worst value in each step of a range.
struct Worst {
    from: Millis,
    step: Millis,
    values: Vec<Option<f64>>,
}

impl Worst {
    fn new((from, to): (Millis, Millis)) -> Worst {
        let length = (to - from).max(0);
        let count = |length: Millis, of: Millis| (length + of - 1).div_euclid(of);
        // Whole buckets, so that each step has as many of them.
        let step = count(length / STEPS, STEP).max(1) * STEP;
        Worst {
            from,
            step,
            values: vec![None; usize::try_from(count(length, step)).unwrap_or_default()],
        }
    }

    fn take(&mut self, at: Millis, value: f64, worse: impl Fn(f64, f64) -> f64) {
        // A value at a moment is of what came before it.
        let step = (at - self.from - 1).div_euclid(self.step);
        let place = usize::try_from(step)
            .ok()
            .and_then(|step| self.values.get_mut(step));
        if let Some(place) = place {
            *place = Some(place.map_or(value, |known| worse(known, value)));
        }
    }
}

#[derive(Default)]
struct Tracked {
    group: Group,
    /// Its time that is not over.
    open: Option<usize>,
}

impl Past {
    fn new(rule: Rule, span: (Millis, Millis)) -> Past {
        Past {
            groups: HashMap::new(),
            times: Vec::new(),
            worst: Worst::new(span),
            renames: Arc::default(),
            rule,
        }
    }

    /// Lets a group see what was found at a moment.
    fn see(
        &mut self,
        at: Millis,
        labels: &Labels,
        values: &[Option<f64>],
        found: impl FnOnce(&mut Group) -> Reading,
    ) {
        use domain::alert::Crossing;
        let tracked = self.groups.entry(fingerprint(0, labels)).or_default();
        if tracked.group.labels.is_empty() {
            tracked.group.labels.clone_from(labels);
        }
        let found = found(&mut tracked.group);
        let worse = if is_low_bad(&self.rule) {
            f64::min
        } else {
            f64::max
        };
        if let Some(value) = found.value
            && self.rule.judge(&found) != Judgement::Unknown
        {
            self.worst.take(at, value, worse);
        }
        match tracked.group.step(&self.rule, &found) {
            Some(Crossing::Fired { since, flaps }) => {
                tracked.open = Some(self.times.len());
                self.times.push(BacktestTime {
                    title: words::title(&self.rule, labels),
                    summary: words::summary(&self.rule, &found, values),
                    labels: labels.clone(),
                    since,
                    fired: at,
                    ended: None,
                    peak: found.value,
                    flapping: flaps.is_some(),
                    with_breaker: false,
                });
            }
            Some(Crossing::Cleared(_)) => {
                if let Some(time) = tracked.open.take().and_then(|place| self.times.get_mut(place)) {
                    time.ended = Some(at);
                }
            }
            Some(Crossing::Steady | Crossing::Pending { .. } | Crossing::Dropped) | None => {}
        }
        if let (Some(place), Some(value)) = (tracked.open, found.value) {
            let time = &mut self.times[place];
            time.peak = Some(time.peak.map_or(value, |peak| worse(peak, value)));
        }
    }

    /// Follows transitions, and between them time, as it was evaluated: every 10 s.
    fn follow(&mut self, desk: &Desk, judged: &Judged, rows: &[TransitionRow], (from, to): (Millis, Millis)) {
        let mut standings = before(desk, rows, from);
        let mut openings = Openings::default();
        let mut at = from;
        for row in rows {
            let moment = row.received.clamp(from, to);
            self.pass(&standings, &openings, judged, at, moment);
            at = moment;
            openings.take(row);
            let standing = standings.entry(row.breaker).or_insert_with(|| standing_of(row));
            if !row.provider.is_empty() {
                standing.provider.clone_from(&row.provider);
            }
            standing.instances.retain(|(name, ..)| *name != row.instance);
            // One that fell silent is not live: neither open nor closed.
            if row.to != State::Unknown {
                standing.instances.push((row.instance.clone(), row.to, row.at));
            }
            self.look(&standings, &openings, judged, at, Some(row.breaker));
        }
        self.pass(&standings, &openings, judged, at, to);
    }

    /// Lets time pass for the groups that are not quiet.
    fn pass(
        &mut self,
        standings: &BTreeMap<BreakerId, Standing>,
        openings: &Openings,
        judged: &Judged,
        from: Millis,
        to: Millis,
    ) {
        let mut at = from - from.rem_euclid(STEP) + STEP;
        while at < to {
            let awake = |tracked: &Tracked| {
                tracked.group.watch.is_firing() || tracked.group.watch.pending().is_some()
            };
            if !self.groups.values().any(awake) {
                return;
            }
            self.look(standings, openings, judged, at, None);
            at += STEP;
        }
    }

    /// What the rule sees at a moment: of one breaker, or of all.
    fn look(
        &mut self,
        standings: &BTreeMap<BreakerId, Standing>,
        openings: &Openings,
        judged: &Judged,
        at: Millis,
        only: Option<BreakerId>,
    ) {
        let renames = Arc::clone(&self.renames);
        match &judged.rule.condition {
            Condition::BreakerState(breaker) => {
                let wanted = standings
                    .values()
                    .filter(|standing| only.is_none_or(|only| only == standing.id))
                    .map(|standing| (standing, renames.standing(standing)))
                    .filter(|(_, named)| named.passes(&judged.filter));
                for (standing, named) in wanted {
                    let found = named.reading(breaker, &judged.filter, at);
                    self.see(at, &standing.labels(), &[], |_| found);
                }
            }
            Condition::Flapping(flapping) => {
                for (labels, found) in openings.readings(flapping, &judged.filter, at) {
                    self.see(at, &labels, &[], |_| found);
                }
            }
            _ => {}
        }
    }

    fn told(mut self, from: Millis, to: Millis, breakers: &[BacktestTime]) -> Backtest {
        for time in &mut self.times {
            time.with_breaker = breakers.iter().any(|breaker| goes_with(time, breaker, to));
        }
        self.times.sort_by_key(|time| (time.fired, time.since));
        let lasted = |time: &BacktestTime| time.ended.unwrap_or(to) - time.since;
        let heard: Vec<&BacktestTime> = self.times.iter().filter(|time| !time.flapping).collect();
        let fired = heard.len();
        let short = |time: &&&BacktestTime| time.ended.is_some() && lasted(time) < SHORT;
        // A bad day says nothing about a week: what is shorter counts as one.
        let weekly = fired as f64 / ((to - from) as f64 / WEEK).max(1.0);
        let noise = match weekly {
            _ if fired == 0 => "none",
            few if few <= 5.0 => "quiet",
            some if some <= 20.0 => "busy",
            _ => "noisy",
        };
        let mut told = Backtest {
            from,
            to,
            fired,
            flapped: self.times.len() - fired,
            longest_ms: self.times.iter().map(lasted).max().unwrap_or(0),
            short: heard.iter().filter(short).count(),
            with_breaker: heard.iter().filter(|time| time.with_breaker).count(),
            noise: noise.into(),
            step_ms: self.worst.step,
            worst: match self.rule.condition.is_about_breakers() {
                true => Vec::new(),
                false => self.worst.values,
            },
            times: Vec::new(),
        };
        self.times.truncate(MOST_TIMES);
        told.times = self.times;
        told
    }
}

/// Whether something came while a breaker of its provider was open.
fn goes_with(time: &BacktestTime, breaker: &BacktestTime, to: Millis) -> bool {
    let provider = |time: &BacktestTime| time.labels.get("provider").cloned().unwrap_or_default();
    let (ours, theirs) = (provider(time), provider(breaker));
    let overlap = time.since <= breaker.ended.unwrap_or(to) && breaker.since <= time.ended.unwrap_or(to);
    overlap && (ours.is_empty() || ours == theirs)
}

/// A low value is the bad one.
fn is_low_bad(rule: &Rule) -> bool {
    use domain::alert::Side;
    match &rule.condition {
        Condition::Threshold(threshold) => threshold.bound.side == Side::Below,
        Condition::Change(change) => change.bound.side == Side::Below,
        _ => false,
    }
}

/// The breakers as they were before the first transition of each instance; those that did not change are as they are.
fn before(desk: &Desk, rows: &[TransitionRow], from: Millis) -> BTreeMap<BreakerId, Standing> {
    let mut standings: BTreeMap<BreakerId, Standing> = BTreeMap::new();
    let mut told: HashMap<(BreakerId, &str), ()> = HashMap::new();
    for row in rows {
        if told.insert((row.breaker, row.instance.as_str()), ()).is_some() {
            continue;
        }
        let standing = standings.entry(row.breaker).or_insert_with(|| standing_of(row));
        if let Some(state) = row.from.filter(|state| *state != State::Unknown) {
            let since = row.at - row.lasted.unwrap_or(row.at - from);
            standing.instances.push((row.instance.clone(), state, since));
        }
    }
    for live in desk.tenant.live().standings() {
        let kept = live
            .instances
            .iter()
            .filter(|(name, _, since)| *since < from && !told.contains_key(&(live.id, name.as_str())));
        let kept: Vec<_> = kept.cloned().collect();
        if !kept.is_empty() {
            let standing = standings.entry(live.id).or_insert_with(|| Standing {
                instances: Vec::new(),
                ..live.clone()
            });
            standing.instances.extend(kept);
        }
    }
    standings
}

fn standing_of(row: &TransitionRow) -> Standing {
    Standing {
        id: row.breaker,
        key: row.key.clone(),
        provider: row.provider.clone(),
        instances: Vec::new(),
    }
}
