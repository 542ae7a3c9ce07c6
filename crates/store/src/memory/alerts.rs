//! Alerts in memory.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use domain::Millis;
use domain::alert::{MAX_OPEN, MAX_RULES, MAX_SILENCES, Silence};
use domain::erasure::Selection;

use super::MemoryStore;
use crate::alerts::{
    already_open, changed_meanwhile, not_named, rule_name_taken, too_many_open, too_many_rules,
    too_many_silences,
};
use crate::duties::{Waits, waits};
use crate::{
    AlertQuery, AlertWrite, Alerts, AuditEntry, Ladder, OutboxRow, RuleDraft, StoreError, StoredAlert,
    StoredEvent, StoredRule, StoredSilence, SystemScope, TenantId, TenantScope,
};

/// What one tenant has.
#[derive(Default, Clone)]
pub(super) struct Board {
    /// With those that were deleted.
    rules: Vec<(StoredRule, bool)>,
    alerts: BTreeMap<u64, StoredAlert>,
    /// The number that was given last; it may have been erased since.
    last: u64,
    /// The fingerprints of those that are open.
    open: HashSet<u64>,
    events: BTreeMap<u64, Vec<StoredEvent>>,
    pub(super) outbox: BTreeMap<(u64, u64), OutboxRow>,
    silences: Vec<StoredSilence>,
    pub(super) ladders: BTreeMap<u64, Ladder>,
}

impl Board {
    fn named(&self, name: &str) -> Option<&StoredRule> {
        self.rules
            .iter()
            .filter(|(_, deleted)| !deleted)
            .map(|(rule, _)| rule)
            .find(|rule| rule.name == name)
    }

    fn add_rule(&mut self, origin: &str, draft: RuleDraft) -> StoredRule {
        let stamp = (draft.at, draft.by);
        let rule = StoredRule {
            id: self.rules.len() as u64 + 1,
            version: 1,
            origin: origin.to_owned(),
            name: draft.name,
            body: draft.body,
            created: stamp.clone(),
            changed: stamp,
        };
        self.rules.push((rule.clone(), false));
        rule
    }

    fn rule_mut(&mut self, id: u64) -> Option<&mut (StoredRule, bool)> {
        self.rules
            .iter_mut()
            .find(|(rule, deleted)| rule.id == id && !deleted)
    }

    /// Lets an alert's ladder follow what happened to it.
    fn follow(&mut self, (alert, event): (u64, u64), waits: Waits) {
        let fresh = |at| Ladder {
            alert,
            event,
            began: at,
            next: 0,
            due: Some(at),
        };
        match waits {
            Waits::Same => {}
            Waits::Over => {
                self.ladders.remove(&alert);
            }
            Waits::Anew(at) => {
                self.ladders.insert(alert, fresh(at));
            }
            Waits::Unless(at) => {
                self.ladders.entry(alert).or_insert_with(|| fresh(at));
            }
        }
    }

    /// The alerts that are taken, which are gone unless it is only to be known.
    pub(super) fn erase(&mut self, selection: &Selection, dry: bool) -> Vec<u64> {
        let all = self.alerts.values();
        let taken = all.filter(|stored| selection.takes_alert(&stored.alert.labels, stored.alert.fired));
        let taken: Vec<u64> = taken.map(|stored| stored.id).collect();
        for id in taken.iter().filter(|_| !dry) {
            if let Some(gone) = self.alerts.remove(id).filter(|gone| gone.alert.is_open()) {
                self.open.remove(&gone.alert.fingerprint);
            }
            self.events.remove(id);
            self.ladders.remove(id);
            self.outbox.retain(|(alert, _), _| alert != id);
        }
        taken
    }

    /// Writes one alert; `None` when it is not there.
    pub(super) fn write(&mut self, write: AlertWrite) -> Result<Option<StoredAlert>, StoreError> {
        let waits = waits(&write.moved);
        let alert = write.moved.alert;
        let stored = match write.known {
            None => {
                if self.open.contains(&alert.fingerprint) {
                    return Err(already_open(alert.fingerprint));
                }
                if self.open.len() >= MAX_OPEN {
                    return Err(too_many_open());
                }
                self.last += 1;
                StoredAlert {
                    id: self.last,
                    version: 1,
                    alert,
                }
            }
            Some((id, version)) => {
                let Some(before) = self.alerts.get(&id) else {
                    return Ok(None);
                };
                if before.version != version {
                    return Err(changed_meanwhile("alert", id, before.version));
                }
                StoredAlert {
                    id,
                    version: version + 1,
                    alert,
                }
            }
        };
        let events = self.events.entry(stored.id).or_default();
        for event in write.moved.events {
            let n = events.len() as u64 + 1;
            events.push(StoredEvent { n, event });
        }
        if let (Some(notice), Some(last)) = (write.moved.notice, events.last()) {
            let row = OutboxRow {
                alert: stored.id,
                event: last.n,
                notice,
                created: last.event.at,
            };
            self.outbox.insert((row.alert, row.event), row);
        }
        if let Some(last) = events.last() {
            let event = last.n;
            self.follow((stored.id, event), waits);
        }
        match stored.alert.is_open() {
            true => self.open.insert(stored.alert.fingerprint),
            false => self.open.remove(&stored.alert.fingerprint),
        };
        self.alerts.insert(stored.id, stored.clone());
        Ok(Some(stored))
    }
}

#[async_trait]
impl Alerts for MemoryStore {
    async fn rules(&self, scope: &TenantScope) -> Result<Vec<StoredRule>, StoreError> {
        let state = self.state.lock();
        let rules = state.alerts.get(scope.tenant()).map(|board| &board.rules);
        let there = rules.into_iter().flatten().filter(|(_, deleted)| !deleted);
        Ok(there.map(|(rule, _)| rule.clone()).collect())
    }

    async fn create_rule(
        &self,
        scope: &TenantScope,
        draft: RuleDraft,
        audit: AuditEntry,
    ) -> Result<StoredRule, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        if board.named(&draft.name).is_some() {
            return Err(rule_name_taken(&draft.name));
        }
        if board.rules.iter().filter(|(_, deleted)| !deleted).count() >= MAX_RULES {
            return Err(too_many_rules());
        }
        let rule = board.add_rule("", draft);
        state.log(scope.tenant(), audit);
        Ok(rule)
    }

    async fn change_rule(
        &self,
        scope: &TenantScope,
        (id, version): (u64, u64),
        draft: RuleDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredRule>, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        let taken = board.named(&draft.name).is_some_and(|other| other.id != id);
        let Some((rule, _)) = board.rule_mut(id) else {
            return Ok(None);
        };
        if rule.version != version {
            return Err(changed_meanwhile("rule", id, rule.version));
        }
        if taken {
            return Err(rule_name_taken(&draft.name));
        }
        (rule.name, rule.body) = (draft.name, draft.body);
        rule.changed = (draft.at, draft.by);
        rule.version += 1;
        let rule = rule.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(rule))
    }

    async fn delete_rule(
        &self,
        scope: &TenantScope,
        id: u64,
        _at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredRule>, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        let Some((rule, deleted)) = board.rule_mut(id) else {
            return Ok(None);
        };
        *deleted = true;
        let rule = rule.clone();
        state.log(scope.tenant(), audit);
        Ok(Some(rule))
    }

    async fn seed_rules(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        defaults: &[(&str, RuleDraft)],
    ) -> Result<usize, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(tenant.clone()).or_default();
        let mut made = 0;
        for (key, draft) in defaults {
            let known = board.rules.iter().any(|(rule, _)| rule.origin == *key);
            if !known && board.named(&draft.name).is_none() {
                board.add_rule(key, draft.clone());
                made += 1;
            }
        }
        Ok(made)
    }

    async fn write_alerts(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        writes: Vec<AlertWrite>,
    ) -> Result<Vec<StoredAlert>, StoreError> {
        let mut state = self.state.lock();
        let board = state.alerts.entry(tenant.clone()).or_default();
        let before = board.clone();
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            match board.write(write) {
                Ok(Some(stored)) => written.push(stored),
                Ok(None) => {
                    *board = before;
                    return Err(not_named());
                }
                Err(error) => {
                    *board = before;
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    async fn change_alert(
        &self,
        scope: &TenantScope,
        write: AlertWrite,
        audit: AuditEntry,
    ) -> Result<Option<StoredAlert>, StoreError> {
        if write.known.is_none() {
            return Err(not_named());
        }
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        let written = board.write(write)?;
        if written.is_some() {
            state.log(scope.tenant(), audit);
        }
        Ok(written)
    }

    async fn alert(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredAlert>, StoreError> {
        let state = self.state.lock();
        let board = state.alerts.get(scope.tenant());
        Ok(board.and_then(|board| board.alerts.get(&id)).cloned())
    }

    async fn alerts(&self, scope: &TenantScope, query: AlertQuery) -> Result<Vec<StoredAlert>, StoreError> {
        let state = self.state.lock();
        let alerts = state.alerts.get(scope.tenant()).map(|board| &board.alerts);
        let newest_first = alerts.into_iter().flat_map(|alerts| alerts.values().rev());
        let wanted = newest_first.filter(|stored| query.wants(stored.id, &stored.alert));
        Ok(wanted.take(query.limit).cloned().collect())
    }

    async fn alert_events(&self, scope: &TenantScope, id: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let state = self.state.lock();
        let board = state.alerts.get(scope.tenant());
        Ok(board
            .and_then(|board| board.events.get(&id))
            .cloned()
            .unwrap_or_default())
    }

    async fn outbox(
        &self,
        _: &SystemScope,
        tenant: &TenantId,
        after: (u64, u64),
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let state = self.state.lock();
        let rows = state.alerts.get(tenant).map(|board| &board.outbox);
        let later = rows
            .into_iter()
            .flat_map(|rows| rows.iter())
            .filter(|(place, _)| **place > after);
        Ok(later.take(limit).map(|(_, row)| row.clone()).collect())
    }

    async fn silences(&self, scope: &TenantScope, since: Millis) -> Result<Vec<StoredSilence>, StoreError> {
        let state = self.state.lock();
        let silences = state.alerts.get(scope.tenant()).map(|board| &board.silences);
        let wanted = silences
            .into_iter()
            .flatten()
            .filter(|stored| stored.silence.ends > since);
        Ok(wanted.cloned().collect())
    }

    async fn create_silence(
        &self,
        scope: &TenantScope,
        silence: Silence,
        audit: AuditEntry,
    ) -> Result<StoredSilence, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        let standing = board
            .silences
            .iter()
            .filter(|stored| stored.silence.ends > silence.created);
        if standing.count() >= MAX_SILENCES {
            return Err(too_many_silences());
        }
        let stored = StoredSilence {
            id: board.silences.len() as u64 + 1,
            silence,
        };
        board.silences.push(stored.clone());
        state.log(scope.tenant(), audit);
        Ok(stored)
    }

    async fn end_silence(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredSilence>, StoreError> {
        let state = &mut *self.state.lock();
        let board = state.alerts.entry(scope.tenant().clone()).or_default();
        let Some(stored) = board.silences.iter_mut().find(|stored| stored.id == id) else {
            return Ok(None);
        };
        let ended = stored.silence.ends <= at;
        stored.silence.ends = stored.silence.ends.min(at);
        let stored = stored.clone();
        if !ended {
            state.log(scope.tenant(), audit);
        }
        Ok(Some(stored))
    }
}
