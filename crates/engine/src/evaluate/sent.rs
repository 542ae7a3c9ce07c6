//! Alerts that others send: raised, extended and ended by what is sent, and ended when nothing is sent any more.
//!
//! Whoever sends says the same again every minute or so. That an alert goes on is remembered, and stored only when a start
//! of ours would not find out by itself ([`SentMemory`]); so what says nothing new costs no transaction.
//!
//! Deliberately absent: watches. A sender has waited (`for:`) and knows when its alert is over.

use std::collections::{BTreeMap, HashMap};

use domain::Millis;
use domain::alert::{Alert, Command, MAX_ELSEWHERE, MAX_OPEN, MAX_RAISED, New, Origin, SENT_LASTS, Sent};
use store::{AlertWrite, StoreError};

use super::desk::{Desk, State};
use super::reconcile::{Causes, Change, TRIES, WORDS_EVERY};
use super::{Evaluator, words};

/// Of so long it is counted how many are raised.
const MINUTE: Millis = 60_000;

/// What became of something that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is an alert now.
    Raised,
    /// It is one, and goes on.
    Kept,
    /// It is over now.
    Resolved,
    /// It is over, and was no alert here.
    Unknown,
    /// Somebody resolved it by hand; it is left alone for a while.
    LeftAlone,
    /// There are too many, open or in this minute; sent again later it may be one.
    Full,
}

/// What is remembered of what is sent, beyond what is stored.
#[derive(Debug, Default)]
pub(crate) struct SentMemory {
    /// When an open alert is over unless it is sent again, by fingerprint.
    ends: HashMap<u64, Millis>,
    /// Who was resolved by hand, by fingerprint: what is sent of it raises nothing until its sender says that it is over,
    /// or until then.
    left: HashMap<u64, Millis>,
    /// The minute in which one was raised last, and how many were in it.
    raised: (Millis, usize),
}

impl SentMemory {
    /// After a start: the newest sending may have been forgotten, so its sender has time to send again.
    pub fn start(&mut self, alert: &Alert, now: Millis) {
        if let Some(ends) = alert.origin.as_ref().and_then(|origin| origin.ends) {
            self.ends.insert(alert.fingerprint, ends.max(now + SENT_LASTS));
        }
    }

    /// Somebody resolved it by hand.
    pub fn leave_alone(&mut self, fingerprint: u64, until: Millis) {
        let held = self.left.entry(fingerprint).or_insert(until);
        *held = until.max(*held);
    }

    /// Forgets what is over.
    pub fn tidy(&mut self, open: &HashMap<u64, u64>, now: Millis) {
        self.ends.retain(|print, _| open.contains_key(print));
        self.left.retain(|_, until| now < *until);
    }

    /// How many more may be raised in this minute.
    fn spare(&self, now: Millis) -> usize {
        let (minute, count) = self.raised;
        match minute == now / MINUTE {
            true => MAX_RAISED.saturating_sub(count),
            false => MAX_RAISED,
        }
    }

    /// So many were raised.
    fn count_raised(&mut self, count: usize, now: Millis) {
        let this = now / MINUTE;
        let (minute, before) = self.raised;
        let before = if minute == this { before } else { 0 };
        self.raised = (this, before + count);
    }

    /// When an alert is over unless it is sent again.
    pub fn ends(&self, alert: &Alert) -> Option<Millis> {
        let stored = alert.origin.as_ref().and_then(|origin| origin.ends)?;
        Some(self.ends.get(&alert.fingerprint).copied().unwrap_or(stored))
    }
}

/// What is to be done about what was sent.
#[derive(Default)]
struct Decided {
    fates: Vec<Fate>,
    writes: Vec<AlertWrite>,
    /// New ends by fingerprint, once the writes are stored.
    ends: Vec<(u64, Millis)>,
    /// Alerts whose newest words are written.
    worded: Vec<u64>,
    /// Fingerprints of which their senders say that they are over.
    over: Vec<u64>,
    /// Something begins or ends.
    moves: bool,
}

impl Evaluator {
    /// Takes what was sent, in its order: what became of each. What is raised or over is stored when this returns.
    pub(crate) async fn take_sent(
        &self,
        desk: &Desk,
        state: &mut State,
        sent: &[Sent],
    ) -> Result<Vec<Fate>, StoreError> {
        if self.flusher.fenced() {
            return Err(StoreError::Unavailable("another process writes".into()));
        }
        let now = self.clock.now();
        let mut tries = 0;
        let decided = loop {
            let mut decided = state.decide(sent, now);
            match self.write(desk, state, std::mem::take(&mut decided.writes)).await {
                Ok(wrote) => break (decided, wrote),
                Err(StoreError::Conflict(_)) if tries < TRIES => {
                    tries += 1;
                    self.reread(desk, state).await?;
                }
                Err(error) => return Err(error),
            }
        };
        let (decided, wrote) = decided;
        let raised = decided.fates.iter().filter(|fate| **fate == Fate::Raised);
        state.sent.count_raised(raised.count(), now);
        state.sent.ends.extend(decided.ends);
        for print in &decided.over {
            state.sent.left.remove(print);
        }
        for id in decided.worded {
            state.worded.insert(id, now);
        }
        if decided.moves {
            // What came may explain others, and be explained. It is stored: should this fail, the next turn does it.
            if let Err(error) = self.reconcile(desk, state, now).await {
                tracing::warn!(tenant = %desk.tenant.id, error = %Self::told(&error), "what was sent is not placed yet");
            }
        } else if wrote {
            desk.tell(state, now);
        }
        Ok(decided.fates)
    }
}

impl State {
    /// Whether nobody has sent an open alert again in time.
    pub(super) fn ran_out(&self, alert: &Alert, now: Millis) -> bool {
        self.sent.ends(alert).is_some_and(|ends| ends <= now)
    }

    /// How many open alerts come from elsewhere.
    fn count_sent(&self) -> usize {
        let open = self.open_alerts();
        open.filter(|stored| stored.alert.origin.is_some()).count()
    }

    fn decide(&self, sent: &[Sent], now: Millis) -> Decided {
        // What is named twice counts as it was named last.
        let last: BTreeMap<u64, usize> = sent
            .iter()
            .enumerate()
            .map(|(nth, sent)| (sent.fingerprint(), nth))
            .collect();
        let causes = self.causes();
        let mut decided = Decided::default();
        let mut room: Option<usize> = None;
        for (nth, sent) in sent.iter().enumerate() {
            let print = sent.fingerprint();
            let fate = match (last.get(&print) == Some(&nth), sent.is_over(now)) {
                (false, _) => Fate::Kept,
                (true, over) => {
                    let mut fresh = || {
                        let left = room.get_or_insert_with(|| {
                            let ours = MAX_ELSEWHERE.saturating_sub(self.count_sent());
                            let all = MAX_OPEN.saturating_sub(self.open.len());
                            ours.min(all).min(self.sent.spare(now))
                        });
                        let fits = *left > 0;
                        *left = left.saturating_sub(1);
                        fits
                    };
                    match (self.open.get(&print), over) {
                        (Some(id), true) => self.end(*id, now, &mut decided),
                        (Some(id), false) => self.extend(*id, sent, now, &mut decided),
                        (None, true) => {
                            decided.over.push(print);
                            Fate::Unknown
                        }
                        (None, false) if self.sent.left.get(&print).is_some_and(|until| now < *until) => {
                            Fate::LeftAlone
                        }
                        (None, false) if !fresh() => Fate::Full,
                        (None, false) => self.begin(sent, &causes, now, &mut decided),
                    }
                }
            };
            decided.fates.push(fate);
        }
        decided
    }

    fn begin(&self, sent: &Sent, causes: &Causes<'_>, now: Millis, decided: &mut Decided) -> Fate {
        let since = sent.since.filter(|since| *since > 0).unwrap_or(now).min(now);
        let place = causes.place(None, (&sent.labels, sent.part(), since), now);
        let new = New {
            rule: 0,
            rule_name: sent.name(),
            origin: Some(sent.origin.clone()),
            fingerprint: sent.fingerprint(),
            severity: sent.severity(),
            part: sent.part(),
            title: words::title_of_sent(sent),
            summary: sent.summary(),
            runbook: sent.runbook(),
            simulated: false,
            since,
            pending: false,
            holds: self.holds(&sent.labels, None, None, now),
            incident: place.map(|place| place.incident),
            labels: sent.labels.clone(),
        };
        let moved = Alert::raise(new, now);
        decided
            .ends
            .extend(sent.origin.ends.map(|ends| (sent.fingerprint(), ends)));
        decided.writes.push(AlertWrite { known: None, moved });
        decided.moves = true;
        Fate::Raised
    }

    fn end(&self, id: u64, now: Millis, decided: &mut Decided) -> Fate {
        if let Some(stored) = self.alerts.get(&id) {
            let mut change = Change::of(stored);
            change.apply(Command::Tend, now);
            let why = "its sender says that it is over".to_owned();
            change.apply(Command::Resolve { by: None, why }, now);
            decided.writes.extend(change.write());
            decided.moves = true;
        }
        Fate::Resolved
    }

    /// It goes on. What it says newly is stored no more often than the words of our own, an end when a start of ours would
    /// be too short without it.
    fn extend(&self, id: u64, sent: &Sent, now: Millis, decided: &mut Decided) -> Fate {
        let Some(stored) = self.alerts.get(&id) else {
            return Fate::Kept;
        };
        let alert = &stored.alert;
        let (print, before) = (alert.fingerprint, self.sent.ends(alert));
        // Who sends without an end takes an end back; of two ends the later counts.
        let ends = match (before, sent.origin.ends) {
            (Some(before), Some(ends)) => Some(before.max(ends)),
            (_, ends) => ends,
        };
        decided.ends.extend(ends.map(|ends| (print, ends)));
        let kept = alert.origin.as_ref();
        let said = kept.is_none_or(|kept| {
            (&kept.link, &kept.annotations) != (&sent.origin.link, &sent.origin.annotations)
        });
        let spoke = self.worded.get(&id).is_some_and(|at| now - at < WORDS_EVERY);
        let stored_end = kept.and_then(|kept| kept.ends);
        if (said && !spoke) || is_worth_storing(stored_end, ends, now) {
            let mut change = Change::of(stored);
            let again = Command::Again {
                summary: sent.summary(),
                runbook: sent.runbook(),
                origin: Origin {
                    ends,
                    ..sent.origin.clone()
                },
            };
            change.apply(again, now);
            decided.writes.extend(change.write());
            decided.worded.push(id);
        }
        Fate::Kept
    }
}

/// Whether a start of ours would end the alert much too early by what is stored.
fn is_worth_storing(stored: Option<Millis>, ends: Option<Millis>, now: Millis) -> bool {
    match (stored, ends) {
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
        (Some(stored), Some(ends)) => {
            let known = stored.max(now + SENT_LASTS);
            ends.saturating_sub(known) > SENT_LASTS.max(ends.saturating_sub(now) / 4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_start_finds_out_by_itself_is_not_stored() {
        let minute = 60_000;
        for (stored, ends, worth) in [
            // Prometheus says "four minutes from now" every minute.
            (Some(4 * minute), Some(64 * minute), false),
            (Some(0), Some(60 * minute + SENT_LASTS), false),
            // An hour ahead, sent every minute: stored every quarter of it.
            (Some(119 * minute), Some(120 * minute), false),
            (Some(104 * minute), Some(120 * minute), true),
            (Some(4 * minute), Some(24 * 60 * minute), true),
            (None, None, false),
            (Some(4 * minute), None, true),
            (None, Some(64 * minute), true),
        ] {
            assert_eq!(
                is_worth_storing(stored, ends, 60 * minute),
                worth,
                "{stored:?} {ends:?}"
            );
        }
    }
}
