//! Who is on call now, who will be, and where an alert stands on its ladder.

use domain::Millis;
use domain::duty::{Duty, Schedule, Shift, Source, Step};
use protocol::documents::DocumentItem;
use protocol::duty::{EscalationDoc, NextStep, OnCallItem, ResponderDoc, ScheduleDoc, ShiftItem};
use store::TenantScope;

use super::{Known, escalation_of, items, schedule_of};
use crate::Engine;
use crate::alerts::AlertError;

/// The longest span whose shifts are told: a quarter.
const LONGEST: Millis = 92 * 86_400_000;

impl Engine {
    /// Who is on call of every schedule, by number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn on_call(&self, scope: &TenantScope) -> Result<Vec<OnCallItem>, AlertError> {
        let documents = self.stores().documents.as_ref();
        let schedules = items::<ScheduleDoc>(documents, scope).await?;
        if schedules.is_empty() {
            return Ok(Vec::new());
        }
        let people = items::<ResponderDoc>(documents, scope).await?;
        let now = self.clock().now();
        Ok(schedules.iter().map(|item| on_call(item, &people, now)).collect())
    }

    /// The shifts of a schedule from a moment to another.
    ///
    /// # Errors
    /// There is no such schedule, the span is too long, or the store cannot be read.
    pub async fn shifts(
        &self,
        scope: &TenantScope,
        id: u64,
        (from, to): (Millis, Millis),
    ) -> Result<Vec<ShiftItem>, AlertError> {
        let item = self.document::<ScheduleDoc>(scope, id).await?;
        let length = to.saturating_sub(from);
        if !(1..=LONGEST).contains(&length) {
            let must = "must be after `from` and at most 92 days later";
            return Err(domain::alert::RuleError::new("to", must).into());
        }
        let people = self.documents::<ResponderDoc>(scope).await?;
        let schedule = schedule_of(&item.doc)?;
        let shifts = schedule.shifts(from, to);
        Ok(shifts.iter().map(|shift| told(shift, &people)).collect())
    }

    /// The turns of every layer of a schedule, first the one that all others win over.
    ///
    /// # Errors
    /// As [`Engine::shifts`].
    pub async fn turns(
        &self,
        scope: &TenantScope,
        id: u64,
        (from, to): (Millis, Millis),
    ) -> Result<Vec<Vec<ShiftItem>>, AlertError> {
        let item = self.document::<ScheduleDoc>(scope, id).await?;
        let people = self.documents::<ResponderDoc>(scope).await?;
        let schedule = schedule_of(&item.doc)?;
        let layers = 0..schedule.layers.len();
        let turns = layers.map(|place| {
            let turns = schedule.turns(place, from, to.min(from + LONGEST));
            turns.iter().map(|shift| told(shift, &people)).collect()
        });
        Ok(turns.collect())
    }

    /// Where an alert stands on its ladder; `None` when nobody is waited for, or there is no policy.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn next_step(&self, scope: &TenantScope, alert: u64) -> Result<Option<NextStep>, AlertError> {
        let Some(ladder) = self.stores().duties.ladder(scope, alert).await? else {
            return Ok(None);
        };
        let Some(stored) = self.stores().alerts.alert(scope, alert).await? else {
            return Ok(None);
        };
        let known = Known::read(self.stores(), scope).await?;
        let rules = self.stores().alerts.rules(scope).await?;
        let rule = rules.iter().find(|rule| rule.id == stored.alert.rule);
        let Some(policy) = known.policy_of(rule.map(|rule| rule.body.as_str())) else {
            return Ok(None);
        };
        let Ok(ways) = escalation_of(&policy.doc) else {
            return Ok(None);
        };
        let now = self.clock().now();
        let next = ladder.next.max(1);
        let coming = ways.step(next).filter(|_| ladder.due.is_some());
        Ok(Some(NextStep {
            policy: policy.id,
            policy_name: policy.doc.name.clone(),
            step: coming.map(|_| next),
            steps: ways.total(),
            due: coming.and_then(|(_, wait)| match ladder.next {
                0 => Some(ladder.began + wait),
                _ => ladder.due,
            }),
            tells: coming.map_or_else(String::new, |(step, _)| known.told_by(step, now).words),
        }))
    }
}

/// Whom a step tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Channels by number, each once.
    pub channels: Vec<u64>,
    /// In words, for people.
    pub words: String,
}

impl Known {
    /// The policy of a rule, by its stored text: the one it names, or the one that is for all.
    pub(crate) fn policy_of(&self, rule: Option<&str>) -> Option<&DocumentItem<EscalationDoc>> {
        let doc = rule.and_then(|body| serde_json::from_str::<protocol::alerts::RuleDoc>(body).ok());
        match doc.and_then(|doc| doc.escalation) {
            Some(name) => self.policies.iter().find(|item| item.doc.name == name),
            None => self.policies.iter().find(|item| item.doc.default),
        }
    }

    /// Whom a step tells at a moment.
    pub(crate) fn told_by(&self, step: &Step, now: Millis) -> Told {
        let mut told = Told::default();
        let mut words: Vec<String> = Vec::new();
        for id in &step.channels {
            words.push(self.channel(*id).unwrap_or("a removed channel").to_owned());
            told.add(&[*id]);
        }
        for id in &step.schedules {
            let Some(item) = self.schedule(*id) else {
                words.push("a removed schedule".to_owned());
                continue;
            };
            let name = &item.doc.name;
            let duty = schedule_of(&item.doc)
                .ok()
                .and_then(|schedule| schedule.on_call(now));
            match duty.and_then(|duty| self.responder(duty.who)) {
                Some(person) => {
                    words.push(format!("{} (on call of {name})", self.named(person)));
                    told.add(&person.doc.channels);
                }
                None => words.push(format!("nobody, as nobody is on call of {name}")),
            }
        }
        for id in &step.responders {
            match self.responder(*id) {
                Some(person) => {
                    words.push(self.named(person));
                    told.add(&person.doc.channels);
                }
                None => words.push("somebody who was removed".to_owned()),
            }
        }
        told.words = words.join(", ");
        told
    }

    fn named(&self, person: &DocumentItem<ResponderDoc>) -> String {
        match person.doc.channels.iter().any(|id| self.channel(*id).is_some()) {
            true => person.doc.name.clone(),
            false => format!("{}, who has no channel", person.doc.name),
        }
    }
}

impl Told {
    fn add(&mut self, channels: &[u64]) {
        for id in channels {
            if !self.channels.contains(id) {
                self.channels.push(*id);
            }
        }
    }
}

fn on_call(
    item: &DocumentItem<ScheduleDoc>,
    people: &[DocumentItem<ResponderDoc>],
    now: Millis,
) -> OnCallItem {
    let schedule: Option<Schedule> = schedule_of(&item.doc).ok();
    let duty = schedule.as_ref().and_then(|schedule| schedule.on_call(now));
    let person = duty.and_then(|duty| person(duty, people));
    OnCallItem {
        schedule: item.id,
        schedule_name: item.doc.name.clone(),
        responder: duty.map(|duty| duty.who),
        name: person.map(|person| person.doc.name.clone()),
        account: person.and_then(|person| person.doc.account.clone()),
        until: schedule.and_then(|schedule| schedule.until(now)),
    }
}

fn person(duty: Duty, people: &[DocumentItem<ResponderDoc>]) -> Option<&DocumentItem<ResponderDoc>> {
    people.iter().find(|person| person.id == duty.who)
}

fn told(shift: &Shift, people: &[DocumentItem<ResponderDoc>]) -> ShiftItem {
    let source = shift.duty.map(|duty| duty.source);
    ShiftItem {
        from: shift.from,
        to: shift.to,
        responder: shift.duty.map(|duty| duty.who),
        name: shift
            .duty
            .and_then(|duty| person(duty, people))
            .map(|person| person.doc.name.clone()),
        layer: source.and_then(|source| match source {
            Source::Layer(place) => Some(place),
            Source::Override(_) => None,
        }),
        taken: source.and_then(|source| match source {
            Source::Override(place) => Some(place),
            Source::Layer(_) => None,
        }),
    }
}
