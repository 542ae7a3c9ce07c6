//! Makes alerts agree with what the watches see: raises, resolves, holds back, releases, lets time pass.
//!
//! Two transactions at most: causes and ends first, because a new cause needs its number before its symptoms can name it;
//! then everything else.

use std::collections::HashMap;

use domain::Millis;
use domain::alert::incident::{self, Member, Place};
use domain::alert::{Alert, Command, Event, Holds, Labels, Moved, New, Notice, Part, Rule, step};
use store::{AlertWrite, StoreError, StoredAlert};

use super::desk::{Desk, Group, Ruled, State};
use super::figures::labels_with;
use super::load::BY_HAND;
use super::{Evaluator, words};
use crate::metrics::Counters;

/// Newest words of an alert are stored no more often than this.
pub(super) const WORDS_EVERY: Millis = 60_000;
/// How often a turn is tried again after somebody else was faster.
pub(super) const TRIES: usize = 3;

/// An alert to be written, with all that happened to it in this turn.
pub(super) struct Change {
    id: u64,
    version: u64,
    before: Alert,
    alert: Alert,
    events: Vec<Event>,
    notice: Option<Notice>,
}

impl Change {
    pub(super) fn of(stored: &StoredAlert) -> Change {
        Change {
            id: stored.id,
            version: stored.version,
            before: stored.alert.clone(),
            alert: stored.alert.clone(),
            events: Vec::new(),
            notice: None,
        }
    }

    /// Lets something happen; what is refused does not.
    pub(super) fn apply(&mut self, command: Command, now: Millis) {
        if let Ok(moved) = step(&self.alert, command, now) {
            self.alert = moved.alert;
            self.events.extend(moved.events);
            self.notice = moved.notice.or(self.notice);
        }
    }

    /// What is to be written, if anything is.
    pub(super) fn write(self) -> Option<AlertWrite> {
        let news = !self.events.is_empty() || self.alert != self.before;
        news.then_some(AlertWrite {
            known: Some((self.id, self.version)),
            moved: Moved {
                alert: self.alert,
                events: self.events,
                notice: self.notice,
            },
        })
    }
}

impl Evaluator {
    /// One turn. What another was faster with is read again and decided again.
    pub(crate) async fn reconcile(
        &self,
        desk: &Desk,
        state: &mut State,
        now: Millis,
    ) -> Result<(), StoreError> {
        let result = self.reconcile_again(desk, state, now).await;
        // Also when it failed half way: what was written is so.
        desk.tell(state, now);
        result
    }

    async fn reconcile_again(&self, desk: &Desk, state: &mut State, now: Millis) -> Result<(), StoreError> {
        let mut told = String::new();
        for _ in 0..TRIES {
            match self.reconcile_once(desk, state, now).await {
                Err(StoreError::Conflict(why)) => {
                    told = why;
                    self.reread(desk, state).await?;
                }
                result => return result,
            }
        }
        Err(StoreError::Conflict(told))
    }

    async fn reconcile_once(&self, desk: &Desk, state: &mut State, now: Millis) -> Result<(), StoreError> {
        let simulated = desk.tenant.live().is_simulated(now);
        state.settle_hands();
        let mut writes = state.ends(now);
        writes.extend(state.raised(Some(Part::Cause), simulated, now));
        let mut changed = self.write(desk, state, writes).await?;
        let mut writes = state.raised(None, simulated, now);
        writes.extend(state.placed(now));
        changed |= self.write(desk, state, writes).await?;
        if changed {
            // What was raised may have explained what was open, and the other way round.
            let writes = state.placed(now);
            self.write(desk, state, writes).await?;
        }
        Ok(())
    }

    /// Writes, and takes what is stored then. Whether there was anything to write.
    pub(super) async fn write(
        &self,
        desk: &Desk,
        state: &mut State,
        mut writes: Vec<AlertWrite>,
    ) -> Result<bool, StoreError> {
        let room = domain::alert::MAX_OPEN.saturating_sub(state.open.len());
        let new = |write: &AlertWrite| write.known.is_none();
        let over = writes
            .iter()
            .filter(|write| new(write))
            .count()
            .saturating_sub(room);
        if over > 0 {
            Counters::add(&self.counters.alerts_dropped, over as u64);
            let most = domain::alert::MAX_OPEN;
            tracing::error!(tenant = %desk.tenant.id, over, "{most} alerts are open; these are not raised");
            let mut left = room;
            writes.retain(|write| {
                let fits = !new(write) || left > 0;
                left -= usize::from(fits && new(write));
                fits
            });
        }
        if writes.is_empty() {
            return Ok(false);
        }
        let news = writes.iter().any(|write| write.moved.notice.is_some());
        let alerts = &self.stores.alerts;
        let written = alerts.write_alerts(&self.system, &desk.tenant.id, writes).await;
        let written = written.inspect_err(|error| {
            tracing::warn!(tenant = %desk.tenant.id, error = %Self::told(error), "alerts were not written");
        })?;
        for stored in written {
            state.keep(stored);
        }
        if news {
            self.told.notify_one();
        }
        Ok(true)
    }
}

/// What may explain others, by provider.
#[derive(Default)]
pub(super) struct Causes<'a> {
    all: Vec<Member<'a>>,
    by_provider: HashMap<&'a str, Vec<Member<'a>>>,
}

impl Causes<'_> {
    pub(super) fn place(&self, id: Option<u64>, what: (&Labels, Part, Millis), now: Millis) -> Option<Place> {
        let provider = what.0.get("provider").map_or("", String::as_str);
        let members = match provider {
            "" => &self.all,
            provider => self.by_provider.get(provider)?,
        };
        incident::place(id, what, now, members.iter().copied())
    }
}

impl State {
    /// What a person resolved and has cleared since may fire again.
    fn settle_hands(&mut self) {
        let rules = &self.rules;
        self.by_hand.retain(|print, _| {
            let groups = rules.values().filter_map(Ruled::active);
            groups
                .filter_map(|judged| judged.groups.get(print))
                .any(|group| group.watch.is_firing())
        });
    }

    /// Alerts that are over: their watch does not fire, or their rule is gone.
    fn ends(&self, now: Millis) -> Vec<AlertWrite> {
        let over = |stored: &StoredAlert| -> Option<&'static str> {
            if stored.alert.origin.is_some() {
                return self
                    .ran_out(&stored.alert, now)
                    .then_some("it was not sent again");
            }
            let Some(ruled) = self.rules.get(&stored.alert.rule) else {
                return Some("its rule was deleted");
            };
            // A rule that cannot be read says nothing about its alerts.
            let judged = ruled.judged.as_ref().ok()?;
            if !judged.rule.enabled {
                return Some("its rule was switched off");
            }
            let group = judged.groups.get(&stored.alert.fingerprint)?;
            match group.watch.is_firing() {
                true => None,
                false => Some(
                    group
                        .cleared
                        .map_or("it is good again", |cleared| cleared.words()),
                ),
            }
        };
        let ended = self.open_alerts().filter_map(|stored| {
            let why = over(stored)?;
            let mut change = Change::of(stored);
            change.apply(Command::Tend, now);
            change.apply(
                Command::Resolve {
                    by: None,
                    why: why.into(),
                },
                now,
            );
            change.write()
        });
        ended.collect()
    }

    /// Alerts for watches that fire and have none.
    fn raised(&self, part: Option<Part>, simulated: bool, now: Millis) -> Vec<AlertWrite> {
        let mut writes = Vec::new();
        let causes = self.causes();
        for (id, ruled) in &self.rules {
            let Some(judged) = ruled.active() else { continue };
            if part.is_some_and(|part| judged.rule.part() != part) {
                continue;
            }
            for (print, group) in &judged.groups {
                let alone = self.by_hand.get(print).is_some_and(|until| now < *until);
                if let Some(fired) = group.fired
                    && !self.open.contains_key(print)
                    && !alone
                {
                    let new = self.to_raise(
                        (*id, *print),
                        (&judged.rule, group),
                        &causes,
                        fired.0,
                        simulated,
                        now,
                    );
                    let moved = Alert::raise(new, now);
                    writes.push(AlertWrite { known: None, moved });
                }
            }
        }
        writes.sort_by_key(|write| (write.moved.alert.since, write.moved.alert.fingerprint));
        writes
    }

    fn to_raise(
        &self,
        (id, print): (u64, u64),
        (rule, group): (&Rule, &Group),
        causes: &Causes<'_>,
        since: Millis,
        simulated: bool,
        now: Millis,
    ) -> New {
        let labels = labels_with(rule, &group.labels);
        let place = causes.place(None, (&labels, rule.part(), since), now);
        New {
            rule: id,
            rule_name: rule.name.clone(),
            origin: None,
            fingerprint: print,
            severity: rule.severity,
            part: rule.part(),
            title: words::title(rule, &group.labels),
            summary: group.summary.clone(),
            runbook: rule.runbook.clone(),
            simulated,
            since,
            pending: rule.hold > 0,
            holds: self.holds(
                &labels,
                place.and_then(|place| place.cause),
                Some((rule, group)),
                now,
            ),
            incident: place.map(|place| place.incident),
            labels,
        }
    }

    /// Open alerts with what holds them back now, where they belong, what time did to them, and their newest words.
    fn placed(&mut self, now: Millis) -> Vec<AlertWrite> {
        let mut writes = Vec::new();
        let mut roots: Vec<u64> = Vec::new();
        let mut worded: Vec<u64> = Vec::new();
        let causes = self.causes();
        for stored in self.open_alerts() {
            let alert = &stored.alert;
            let watched = self.watched(alert);
            // A cause that has its incident keeps it.
            let place = match (alert.part, alert.incident) {
                (Part::Cause, Some(_)) | (Part::Alone, _) => None,
                _ => causes.place(Some(stored.id), (&alert.labels, alert.part, alert.since), now),
            };
            let joins = place
                .map(|place| place.incident)
                .filter(|_| alert.incident.is_none());
            roots.extend(joins.or(alert.incident));
            // Whoever sent an alert wants it told, whatever explains it.
            let cause = place
                .and_then(|place| place.cause)
                .filter(|_| alert.origin.is_none());
            let holds = self.holds(&alert.labels, cause, watched, now);
            let due = alert.due().is_some_and(|due| due <= now);
            let words = watched
                .map(|(_, group)| &group.summary)
                .filter(|words| !words.is_empty() && **words != alert.summary)
                .filter(|_| {
                    self.worded
                        .get(&stored.id)
                        .is_none_or(|at| now - at >= WORDS_EVERY)
                });
            // Most are as they were.
            if joins.is_none() && holds == alert.holds && !due && words.is_none() {
                continue;
            }
            let mut change = Change::of(stored);
            if let Some(incident) = joins {
                change.apply(Command::Join { incident }, now);
            }
            change.apply(Command::Hold(holds), now);
            change.apply(Command::Tend, now);
            if let Some(summary) = words.cloned() {
                change.apply(Command::Observe { summary }, now);
                worded.push(stored.id);
            }
            writes.extend(change.write());
        }
        // Whoever began an incident belongs to it.
        roots.sort_unstable();
        roots.dedup();
        for root in roots {
            let Some(stored) = self.alerts.get(&root) else {
                continue;
            };
            if stored.alert.incident.is_none() {
                let joined = Command::Join { incident: root };
                match writes
                    .iter_mut()
                    .find(|write| write.known.is_some_and(|(id, _)| id == root))
                {
                    Some(write) => {
                        if let Ok(moved) = step(&write.moved.alert, joined, now) {
                            write.moved.alert = moved.alert;
                            // Before the others: a notice belongs to the last.
                            write.moved.events.splice(0..0, moved.events);
                        }
                    }
                    None => {
                        let mut change = Change::of(stored);
                        change.apply(joined, now);
                        writes.extend(change.write());
                    }
                }
            }
        }
        for id in worded {
            self.worded.insert(id, now);
        }
        writes
    }

    fn watched(&self, alert: &Alert) -> Option<(&Rule, &Group)> {
        let judged = self.rules.get(&alert.rule)?.active()?;
        Some((&judged.rule, judged.groups.get(&alert.fingerprint)?))
    }

    pub(super) fn causes(&self) -> Causes<'_> {
        let mut causes = Causes::default();
        for (id, stored) in &self.alerts {
            if stored.alert.part == Part::Cause {
                let member = Member {
                    id: *id,
                    alert: &stored.alert,
                };
                causes.all.push(member);
                let provider = stored.alert.label("provider");
                causes.by_provider.entry(provider).or_default().push(member);
            }
        }
        causes
    }

    /// Why nobody is told of something with these labels.
    pub(super) fn holds(
        &self,
        labels: &Labels,
        cause: Option<u64>,
        watched: Option<(&Rule, &Group)>,
        now: Millis,
    ) -> Holds {
        let silence = self
            .silences
            .iter()
            .find(|stored| stored.silence.hides(labels, now));
        let flaps = watched.and_then(|(_, group)| group.fired?.1);
        Holds {
            silence: silence.map(|stored| stored.id),
            cause,
            flapping: flaps.map(|times| {
                format!("fired {times} times within 15 min; held until it has been quiet for 10 min")
            }),
            quiet: watched
                .and_then(|(rule, _)| rule.quiet_until)
                .filter(|until| now < *until),
        }
    }

    /// Somebody resolved an alert: while it stays bad it is left alone for a while.
    pub fn resolved_by_hand(&mut self, alert: &Alert, now: Millis) {
        let fingerprint = alert.fingerprint;
        if alert.origin.is_some() {
            // Whoever sends goes on sending while it is bad.
            self.sent.leave_alone(fingerprint, now + BY_HAND);
            return;
        }
        let bad = self.rules.values().filter_map(Ruled::active).any(|judged| {
            let group = judged.groups.get(&fingerprint);
            group.is_some_and(|group| group.watch.is_firing())
        });
        if bad {
            self.by_hand.insert(fingerprint, now + BY_HAND);
        }
    }
}
