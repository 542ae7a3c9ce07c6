//! Deliveries in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::Millis;

use super::MemoryStore;
use crate::alerts::changed_meanwhile;
use crate::deliveries::{
    MAX_CHANNELS, channel_name_taken, gathered_by, gathered_into, no_channel, not_dead, subject_taken,
    too_many_channels,
};
use crate::{
    AuditEntry, ChannelDraft, Claim, Deliveries, DeliveryQuery, DeliveryState, NewDelivery, OutboxRow,
    Outcome, StoreError, StoredAttempt, StoredChannel, StoredDelivery, SystemScope, TenantId, TenantScope,
};

/// What one tenant has.
#[derive(Default)]
pub(super) struct Desk {
    /// With those that were removed.
    channels: Vec<(StoredChannel, bool)>,
    deliveries: BTreeMap<u64, Kept>,
    /// The number that was given last; it may have been erased since.
    last: u64,
}

struct Kept {
    stored: StoredDelivery,
    lease: Millis,
    handle: Option<String>,
    attempts: Vec<StoredAttempt>,
}

impl Kept {
    /// The message about many alerts that tells it.
    fn digest(&self) -> Option<u64> {
        let gathered = self.stored.state == DeliveryState::Gathered;
        gathered.then(|| gathered_into(&self.stored.words)).flatten()
    }
}

impl Desk {
    fn channel_mut(&mut self, id: u64) -> Option<&mut (StoredChannel, bool)> {
        self.channels
            .iter_mut()
            .find(|(channel, removed)| channel.id == id && !removed)
    }

    fn is_on(&self, id: u64) -> bool {
        self.channels.iter().any(|(channel, removed)| {
            channel.id == id && !removed && channel.enabled && channel.trouble.is_none()
        })
    }

    fn is_named(&self, name: &str, but: u64) -> bool {
        self.channels
            .iter()
            .any(|(channel, removed)| !removed && channel.name == name && channel.id != but)
    }

    /// How many are about these topics, messages about many alerts with them. They are gone unless it is only to be known;
    /// what would have been told together with them is told by itself then.
    pub(super) fn erase(&mut self, topics: &[String], dry: bool) -> u64 {
        let all = self.deliveries.values();
        let about = all.filter(|kept| topics.contains(&kept.stored.topic));
        let digests: BTreeSet<u64> = about.filter_map(Kept::digest).collect();
        let taken = |kept: &Kept| topics.contains(&kept.stored.topic) || digests.contains(&kept.stored.id);
        let count = self.deliveries.values().filter(|kept| taken(kept)).count() as u64;
        if dry {
            return count;
        }
        let gone = self.deliveries.values().filter(|kept| taken(kept));
        let untold: BTreeSet<u64> = gone
            .filter(|kept| kept.stored.state == DeliveryState::Waiting)
            .map(|kept| kept.stored.id)
            .collect();
        self.deliveries.retain(|_, kept| !taken(kept));
        for kept in self.deliveries.values_mut() {
            if kept.digest().is_some_and(|digest| untold.contains(&digest)) {
                (kept.stored.state, kept.stored.done) = (DeliveryState::Waiting, None);
                kept.stored.words.clear();
            }
        }
        count
    }

    pub(super) fn add(&mut self, new: NewDelivery) -> Option<StoredDelivery> {
        let there = |kept: &Kept| kept.stored.subject == new.subject && kept.stored.channel == new.channel;
        if self.deliveries.values().any(there) {
            return None;
        }
        self.last += 1;
        let stored = StoredDelivery {
            id: self.last,
            channel: new.channel,
            subject: new.subject,
            topic: new.topic,
            body: new.body,
            state: DeliveryState::Waiting,
            attempts: 0,
            steps: 0,
            unsure: false,
            created: new.created,
            due: new.due,
            done: None,
            words: String::new(),
        };
        let kept = Kept {
            stored: stored.clone(),
            lease: 0,
            handle: None,
            attempts: Vec::new(),
        };
        self.deliveries.insert(stored.id, kept);
        Some(stored)
    }

    /// Those that may be claimed, oldest first: of each topic of a channel the oldest alone.
    fn claimable(&self, now: Millis) -> Vec<(u64, u64)> {
        let mut topics = BTreeSet::new();
        let waiting = self
            .deliveries
            .values()
            .filter(|kept| kept.stored.state == DeliveryState::Waiting);
        waiting
            .filter(|kept| topics.insert((kept.stored.channel, kept.stored.topic.clone())))
            .filter(|kept| kept.stored.due <= now && kept.lease <= now && self.is_on(kept.stored.channel))
            .map(|kept| (kept.stored.channel, kept.stored.id))
            .collect()
    }

    fn handle(&self, channel: u64, topic: &str) -> Option<String> {
        let of_topic = |kept: &&Kept| kept.stored.channel == channel && kept.stored.topic == topic;
        self.deliveries
            .values()
            .rev()
            .filter(of_topic)
            .find_map(|kept| kept.handle.clone())
    }
}

#[async_trait]
impl Deliveries for MemoryStore {
    async fn channels(&self, scope: &TenantScope) -> Result<Vec<StoredChannel>, StoreError> {
        let state = self.state.lock();
        let channels = state.deliveries.get(scope.tenant()).map(|desk| &desk.channels);
        let there = channels.into_iter().flatten().filter(|(_, removed)| !removed);
        Ok(there.map(|(channel, _)| channel.clone()).collect())
    }

    async fn create_channel(
        &self,
        scope: &TenantScope,
        draft: ChannelDraft,
        audit: AuditEntry,
    ) -> Result<StoredChannel, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(scope.tenant().clone()).or_default();
        if desk.is_named(&draft.name, 0) {
            return Err(channel_name_taken(&draft.name));
        }
        if desk.channels.iter().filter(|(_, removed)| !removed).count() >= MAX_CHANNELS {
            return Err(too_many_channels());
        }
        let stamp = (draft.at, draft.by);
        let channel = StoredChannel {
            id: desk.channels.len() as u64 + 1,
            version: 1,
            name: draft.name,
            body: draft.body,
            enabled: draft.enabled,
            trouble: None,
            created: stamp.clone(),
            changed: stamp,
        };
        desk.channels.push((channel.clone(), false));
        state.log(scope.tenant(), audit);
        Ok(channel)
    }

    async fn change_channel(
        &self,
        scope: &TenantScope,
        (id, version): (u64, u64),
        draft: ChannelDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredChannel>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(scope.tenant().clone()).or_default();
        let taken = desk.is_named(&draft.name, id);
        let Some((channel, _)) = desk.channel_mut(id) else {
            return Ok(None);
        };
        if channel.version != version {
            return Err(changed_meanwhile("channel", id, channel.version));
        }
        if taken {
            return Err(channel_name_taken(&draft.name));
        }
        (channel.name, channel.body) = (draft.name, draft.body);
        (channel.enabled, channel.trouble) = (draft.enabled, None);
        channel.changed = (draft.at, draft.by);
        channel.version += 1;
        let channel = channel.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(channel))
    }

    async fn delete_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredChannel>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(scope.tenant().clone()).or_default();
        let Some((channel, removed)) = desk.channel_mut(id) else {
            return Ok(None);
        };
        *removed = true;
        let channel = channel.clone();
        for Kept { stored, .. } in desk.deliveries.values_mut() {
            if stored.channel == id && stored.state == DeliveryState::Waiting {
                (stored.state, stored.done) = (DeliveryState::Dropped, Some(at));
                stored.words = "its channel was removed".into();
            }
        }
        state.log(scope.tenant(), audit);
        Ok(Some(channel))
    }

    async fn switch_off(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        (id, version): (u64, u64),
        why: &str,
        at: Millis,
    ) -> Result<Option<StoredChannel>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        let channel = desk.channel_mut(id).map(|(channel, _)| channel);
        let on = |channel: &&mut StoredChannel| {
            channel.version == version && channel.enabled && channel.trouble.is_none()
        };
        Ok(channel.filter(on).map(|channel| {
            channel.trouble = Some(why.to_owned());
            channel.changed = (at, "system".into());
            channel.version += 1;
            channel.clone()
        }))
    }

    async fn untold(&self, _: &SystemScope, limit: usize) -> Result<Vec<(TenantId, OutboxRow)>, StoreError> {
        let state = self.state.lock();
        let mut rows: Vec<(TenantId, OutboxRow)> = Vec::new();
        for (tenant, board) in &state.alerts {
            rows.extend(board.outbox.values().map(|row| (tenant.clone(), row.clone())));
        }
        rows.sort_by(|(a, left), (b, right)| {
            let key = |row: &OutboxRow| (row.alert, row.event);
            (left.created, a, key(left)).cmp(&(right.created, b, key(right)))
        });
        rows.truncate(limit);
        Ok(rows)
    }

    async fn fan_out(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        row: (u64, u64),
        deliveries: Vec<NewDelivery>,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(tenant.clone()).or_default();
        if board.outbox.remove(&row).is_none() {
            return Ok(false);
        }
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        for one in deliveries {
            desk.add(one);
        }
        Ok(true)
    }

    async fn add_deliveries(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<usize, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        Ok(deliveries.into_iter().filter_map(|one| desk.add(one)).count())
    }

    async fn ask_deliveries(
        &self,
        scope: &TenantScope,
        deliveries: Vec<NewDelivery>,
        audit: AuditEntry,
    ) -> Result<Vec<StoredDelivery>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(scope.tenant().clone()).or_default();
        for new in &deliveries {
            if desk.channel_mut(new.channel).is_none() {
                return Err(no_channel(new.channel));
            }
        }
        let newest = desk.last;
        let mut added = Vec::with_capacity(deliveries.len());
        for new in deliveries {
            let subject = new.subject.clone();
            let Some(stored) = desk.add(new) else {
                desk.deliveries.retain(|id, _| *id <= newest);
                desk.last = newest;
                return Err(subject_taken(&subject));
            };
            added.push(stored);
        }
        state.log(scope.tenant(), audit);
        Ok(added)
    }

    async fn due(&self, _: &SystemScope, now: Millis) -> Result<Vec<(TenantId, u64)>, StoreError> {
        let state = self.state.lock();
        let mut due: BTreeSet<(TenantId, u64)> = BTreeSet::new();
        for (tenant, desk) in &state.deliveries {
            let claimable = desk.claimable(now).into_iter();
            due.extend(claimable.map(|(channel, _)| (tenant.clone(), channel)));
        }
        Ok(due.into_iter().collect())
    }

    async fn claim(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        channel: u64,
        now: Millis,
        lease: Millis,
        limit: usize,
    ) -> Result<Vec<Claim>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        let mut ids: Vec<u64> = desk
            .claimable(now)
            .into_iter()
            .filter(|(of, _)| *of == channel)
            .map(|(_, id)| id)
            .collect();
        ids.truncate(limit);
        let mut claims = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(kept) = desk.deliveries.get_mut(&id) else {
                continue;
            };
            kept.lease = lease;
            kept.stored.attempts += 1;
            kept.stored.unsure |= kept.attempts.iter().any(|attempt| attempt.ended.is_none());
            kept.attempts.push(StoredAttempt {
                n: kept.stored.attempts,
                began: now,
                ended: None,
                words: String::new(),
            });
            let delivery = kept.stored.clone();
            let handle = desk.handle(channel, &delivery.topic);
            claims.push(Claim { delivery, handle });
        }
        Ok(claims)
    }

    async fn fresh(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        channel: u64,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<StoredDelivery>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(tenant);
        let waiting = desk.into_iter().flat_map(|desk| desk.deliveries.values());
        let waiting = waiting
            .filter(|kept| kept.stored.channel == channel && kept.stored.state == DeliveryState::Waiting);
        let mut begun = BTreeSet::new();
        let mut fresh = Vec::new();
        for kept in waiting {
            if kept.stored.attempts > 0 {
                begun.insert(kept.stored.topic.clone());
            } else if kept.stored.due <= now && !begun.contains(&kept.stored.topic) {
                fresh.push(kept.stored.clone());
            }
        }
        fresh.truncate(limit);
        Ok(fresh)
    }

    async fn gather(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        ids: &[u64],
        digest: NewDelivery,
        at: Millis,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        let untried = |id: &u64| {
            let kept = desk.deliveries.get(id).map(|kept| &kept.stored);
            kept.is_some_and(|stored| stored.state == DeliveryState::Waiting && stored.attempts == 0)
        };
        if !ids.iter().all(untried) {
            return Ok(None);
        }
        let Some(added) = desk.add(digest) else {
            return Ok(None);
        };
        for id in ids {
            if let Some(Kept { stored, .. }) = desk.deliveries.get_mut(id) {
                (stored.state, stored.done) = (DeliveryState::Gathered, Some(at));
                stored.words = gathered_by(added.id);
            }
        }
        Ok(Some(added))
    }

    async fn record(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        delivery: u64,
        attempt: u32,
        outcome: Outcome,
    ) -> Result<bool, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(tenant.clone()).or_default();
        let Some(kept) = desk.deliveries.get_mut(&delivery) else {
            return Ok(false);
        };
        let began = kept.attempts.iter_mut().find(|kept| kept.n == attempt);
        if let Some(began) = began.filter(|began| began.ended.is_none()) {
            began.ended = Some(outcome.at);
            began.words.clone_from(&outcome.words);
        }
        let counts = match outcome.state {
            DeliveryState::Delivered => {
                kept.stored.attempts >= attempt && kept.stored.state != DeliveryState::Delivered
            }
            _ => kept.stored.attempts == attempt && kept.stored.state == DeliveryState::Waiting,
        };
        if counts {
            let over = outcome.state != DeliveryState::Waiting;
            (kept.stored.state, kept.stored.due, kept.lease) = (outcome.state, outcome.due, 0);
            kept.stored.done = over.then_some(outcome.at);
            kept.stored.words = outcome.words;
            kept.stored.steps += u32::from(outcome.climbs);
            kept.handle = outcome.handle.or(kept.handle.take());
        }
        Ok(counts)
    }

    async fn channels_told(&self, scope: &TenantScope, topic: &str) -> Result<Vec<u64>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(scope.tenant());
        let all = desk.into_iter().flat_map(|desk| desk.deliveries.values());
        let told = all.filter(|kept| kept.stored.topic == topic);
        let told: BTreeSet<u64> = told.map(|kept| kept.stored.channel).collect();
        Ok(told.into_iter().collect())
    }

    async fn deliveries(
        &self,
        scope: &TenantScope,
        query: DeliveryQuery,
    ) -> Result<Vec<StoredDelivery>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(scope.tenant());
        let newest_first = desk.into_iter().flat_map(|desk| desk.deliveries.values().rev());
        let wanted = newest_first.filter(|kept| query.wants(&kept.stored));
        Ok(wanted.take(query.limit).map(|kept| kept.stored.clone()).collect())
    }

    async fn waiting(&self, scope: &TenantScope) -> Result<Vec<(u64, usize)>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(scope.tenant());
        let mut counts = BTreeMap::new();
        for kept in desk.into_iter().flat_map(|desk| desk.deliveries.values()) {
            if kept.stored.state == DeliveryState::Waiting {
                *counts.entry(kept.stored.channel).or_default() += 1;
            }
        }
        Ok(counts.into_iter().collect())
    }

    async fn delivery(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredDelivery>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(scope.tenant());
        let kept = desk.and_then(|desk| desk.deliveries.get(&id));
        Ok(kept.map(|kept| kept.stored.clone()))
    }

    async fn attempts(&self, scope: &TenantScope, id: u64) -> Result<Vec<StoredAttempt>, StoreError> {
        let state = self.state.lock();
        let desk = state.deliveries.get(scope.tenant());
        let kept = desk.and_then(|desk| desk.deliveries.get(&id));
        Ok(kept.map(|kept| kept.attempts.clone()).unwrap_or_default())
    }

    async fn replay(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let state = &mut *self.state.lock();
        let desk = state.deliveries.entry(scope.tenant().clone()).or_default();
        let Some(kept) = desk.deliveries.get_mut(&id) else {
            return Ok(None);
        };
        if kept.stored.state != DeliveryState::Dead {
            return Err(not_dead(id, kept.stored.state));
        }
        (kept.stored.state, kept.stored.done, kept.lease) = (DeliveryState::Waiting, None, 0);
        (kept.stored.created, kept.stored.due, kept.stored.steps) = (at, at, 0);
        let stored = kept.stored.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(stored))
    }

    async fn forget_deliveries(
        &self,
        _: &SystemScope,
        before: Millis,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut state = self.state.lock();
        let mut old: Vec<(Millis, TenantId, u64)> = Vec::new();
        for (tenant, desk) in &state.deliveries {
            let newest = desk.deliveries.last_key_value().map(|(id, _)| *id);
            let over = desk.deliveries.values().filter_map(|kept| {
                let done = kept.stored.done.filter(|done| *done < before)?;
                (Some(kept.stored.id) != newest).then(|| (done, tenant.clone(), kept.stored.id))
            });
            old.extend(over);
        }
        old.sort();
        old.truncate(limit);
        for (_, tenant, id) in &old {
            if let Some(desk) = state.deliveries.get_mut(tenant) {
                desk.deliveries.remove(id);
            }
        }
        Ok(old.len())
    }
}
