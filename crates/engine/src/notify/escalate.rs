//! Who is told while nobody takes an alert: step by step up the ladder of its policy.
//!
//! Where an alert stands is a row that is written with what happens to the alert, so nobody is told after somebody took
//! it. A step moves the row, says so in the timeline and puts its deliveries in, in one transaction: whatever ends in
//! between, a step is told once, under one name. Pauses are counted from when a step was told, so that after a
//! standstill the steps do not come all at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use channels::{Message, Notice, lasted};
use domain::Millis;
use domain::alert::{self, Command, step};
use domain::duty::Escalation;
use store::{AlertWrite, Ladder, NewDelivery, OutboxRow, StoreError, StoredAlert, TenantId};
use tokio::time::timeout;

use super::stored::Channel;
use super::{Notifier, ROWS, fan_out, message};
use crate::duty::{Known, escalation_of};
use crate::evaluate::State;
use crate::metrics::Counters;
use crate::pipeline::describe;
use crate::start::system_read;

/// How long a turn waits for a tenant whose alerts somebody else has at hand: an erasure has them for long.
const PATIENCE: Duration = Duration::from_millis(200);

/// What one turn knows of tenants.
#[derive(Default)]
struct Turn {
    /// Those whose policies were read.
    known: HashMap<TenantId, Arc<Known>>,
    /// Their channels.
    channels: fan_out::Known,
    /// Those that were waited for in vain; the next turn looks again.
    busy: HashSet<TenantId>,
}

/// A step that is to be told.
struct Due<'a> {
    ladder: Ladder,
    stored: &'a StoredAlert,
    /// The policy's name.
    policy: &'a str,
    ways: &'a Escalation,
    /// The step's number.
    nth: u32,
}

impl Notifier {
    /// Climbs every ladder whose next step is due.
    pub(super) async fn escalate(&self, now: Millis) -> Result<(), StoreError> {
        if self.evaluator.flusher.fenced() {
            return Ok(());
        }
        let due = self.stores.duties.due_ladders(&self.system, now, ROWS).await?;
        let mut turn = Turn::default();
        for (tenant, ladder) in due {
            if turn.busy.contains(&tenant) {
                continue;
            }
            let alert = ladder.alert;
            match self.climb(&mut turn, &tenant, ladder, now).await {
                // Somebody was faster: the next turn looks again.
                Err(StoreError::Conflict(_)) => {}
                // What cannot be read keeps nobody else waiting.
                Err(error @ StoreError::Corrupt(_)) => {
                    tracing::error!(%tenant, alert, error = %describe(&error), "a ladder could not be climbed");
                }
                climbed => climbed?,
            }
        }
        Ok(())
    }

    /// The people of a tenant, read once in a turn.
    async fn people(&self, turn: &mut Turn, tenant: &TenantId) -> Result<Arc<Known>, StoreError> {
        if let Some(known) = turn.known.get(tenant) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(Known::read(&self.stores, &system_read(tenant)).await?);
        turn.known.insert(tenant.clone(), Arc::clone(&known));
        Ok(known)
    }

    async fn climb(
        &self,
        turn: &mut Turn,
        tenant: &TenantId,
        ladder: Ladder,
        now: Millis,
    ) -> Result<(), StoreError> {
        let over = (ladder.next, None);
        let known = self.people(turn, tenant).await?;
        if known.policies.is_empty() {
            return self.rest(tenant, ladder, over).await;
        }
        let mine = self.tenants.get(tenant);
        let Ok(desk) = timeout(PATIENCE, self.evaluator.desk(&mine)).await else {
            turn.busy.insert(tenant.clone());
            return Ok(());
        };
        let desk = desk?;
        let Ok(mut state) = timeout(PATIENCE, desk.state.lock()).await else {
            turn.busy.insert(tenant.clone());
            return Ok(());
        };
        let stored = self.stores.alerts.alert(&desk.scope, ladder.alert).await?;
        let Some(stored) = stored.filter(|stored| stored.alert.calls(now)) else {
            return self.rest(tenant, ladder, over).await;
        };
        let rule = state.rules.get(&stored.alert.rule);
        let policy = known.policy_of(rule.map(|rule| rule.stored.body.as_str()));
        let Some((policy, ways)) = policy.and_then(|item| Some((item, escalation_of(&item.doc).ok()?)))
        else {
            return self.rest(tenant, ladder, over).await;
        };
        let nth = ladder.next.max(1);
        let Some((_, wait)) = ways.step(nth) else {
            return self.rest(tenant, ladder, over).await;
        };
        if ladder.next == 0 && ladder.began + wait > now {
            let first = (nth, Some(ladder.began + wait));
            return self.rest(tenant, ladder, first).await;
        }
        let due = Due {
            ladder,
            stored: &stored,
            policy: &policy.doc.name,
            ways: &ways,
            nth,
        };
        let channels = self.known(&mut turn.channels, tenant).await?;
        self.tell_step(tenant, &due, (&known, channels), (&mut *state, now))
            .await?;
        desk.tell(&mut state, now);
        Ok(())
    }

    /// Moves a ladder without telling anybody.
    async fn rest(
        &self,
        tenant: &TenantId,
        ladder: Ladder,
        next: (u32, Option<Millis>),
    ) -> Result<(), StoreError> {
        let duties = &self.stores.duties;
        duties.climb(&self.system, tenant, ladder, next, None).await?;
        Ok(())
    }

    async fn tell_step(
        &self,
        tenant: &TenantId,
        due: &Due<'_>,
        (known, channels): (&Known, &[Channel]),
        (state, now): (&mut State, Millis),
    ) -> Result<(), StoreError> {
        let next = due.ways.step(due.nth + 1).map(|(_, wait)| now + wait);
        let next = (due.nth + 1, next);
        let Some((way, _)) = due.ways.step(due.nth) else {
            return Ok(());
        };
        let told = known.told_by(way, now);
        let (nth, total, policy) = (due.nth, due.ways.total(), due.policy);
        let words = format!("step {nth} of {total} of {policy}: {}", told.words);
        let Ok(moved) = step(&due.stored.alert, Command::Escalate { words }, now) else {
            return self.rest(tenant, due.ladder, (due.nth, None)).await;
        };
        let through = channels
            .iter()
            .filter(|channel| told.channels.contains(&channel.stored.id) && channel.is_on());
        let deliveries = self.deliveries_of(tenant, due, through, now).await?;
        let count = deliveries.len() as u64;
        let write = AlertWrite {
            known: Some((due.stored.id, due.stored.version)),
            moved,
        };
        let written = self
            .stores
            .duties
            .climb(&self.system, tenant, due.ladder, next, Some((write, deliveries)))
            .await?;
        if let Some(stored) = written.flatten() {
            Counters::add(&self.counters.deliveries, count);
            state.keep(stored);
        }
        Ok(())
    }

    /// What a step tells, through each channel that can be used.
    async fn deliveries_of(
        &self,
        tenant: &TenantId,
        due: &Due<'_>,
        through: impl Iterator<Item = &Channel>,
        now: Millis,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        let heard = self.heard(tenant, due.stored.id).await?;
        let waited = lasted(now - due.ladder.began);
        let note = format!(
            "Nobody has taken it for {waited}: step {} of {} of {}.",
            due.nth,
            due.ways.total(),
            due.policy
        );
        let mut deliveries = Vec::new();
        for channel in through {
            let is_new = !heard.contains(&channel.stored.id);
            let row = OutboxRow {
                alert: due.stored.id,
                event: due.ladder.event,
                notice: alert::Notice::Fired,
                created: now,
            };
            let told = Message {
                notice: if is_new { Notice::Fired } else { Notice::Refired },
                note: Some(note.clone()),
                ..message::of_alert(tenant, &row, due.stored, None)
            };
            let subject = message::step_subject(&row, due.nth);
            deliveries.push(self.delivery(tenant, &row, subject, channel, told).await?);
        }
        Ok(deliveries)
    }

    /// The channels that were told of an alert.
    pub(super) async fn heard(&self, tenant: &TenantId, alert: u64) -> Result<BTreeSet<u64>, StoreError> {
        let (scope, topic) = (system_read(tenant), message::topic(alert));
        let told = self.stores.deliveries.channels_told(&scope, &topic).await?;
        Ok(told.into_iter().collect())
    }
}
