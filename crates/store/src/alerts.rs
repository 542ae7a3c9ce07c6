//! Alerts: rules, what fired, what happened to it for ever, silences, and what must be told of it.
//!
//! An alert, its events and what must be told are written in one transaction. Every rule and every alert has a version
//! that rises with each write: who writes on an outdated one is refused, so that of two people one wins.
//!
//! Rules are kept as the text that whoever evaluates them reads (JSON); here only their names matter. Deliberately
//! absent: what a rule means, when an alert changes (`domain::alert`), and sending.

use async_trait::async_trait;
use domain::Millis;
use domain::alert::{Alert, Event, MAX_OPEN, MAX_RULES, MAX_SILENCES, Moved, Notice, Silence};

use crate::{AuditEntry, StoreError, SystemScope, TenantId, TenantScope};

/// A rule to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDraft {
    /// Unique among the tenant's rules.
    pub name: String,
    /// The rule, as text.
    pub body: String,
    /// When.
    pub at: Millis,
    /// By whom: `account:0193…`, `system`.
    pub by: String,
}

/// A rule as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// Rising within the tenant, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// The key of the default it was made from; empty for one of people.
    pub origin: String,
    /// As in [`RuleDraft`].
    pub name: String,
    /// As in [`RuleDraft`].
    pub body: String,
    /// When it was made, and by whom.
    pub created: (Millis, String),
    /// When it last changed, and by whom.
    pub changed: (Millis, String),
}

/// An alert as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAlert {
    /// Rising within the tenant, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// The alert.
    pub alert: Alert,
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number within the alert, from 1 without gaps.
    pub n: u64,
    /// What happened.
    pub event: Event,
}

/// What must be told: written with the event it belongs to, and never without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The alert.
    pub alert: u64,
    /// The event's number. With the alert's it names what is told, for ever: a receiver that is told twice can see it.
    pub event: u64,
    /// What it is about.
    pub notice: Notice,
    /// When.
    pub created: Millis,
}

/// One alert to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertWrite {
    /// Number and version of the alert that `moved` was made from; `None` for a new one.
    pub known: Option<(u64, u64)>,
    /// What it is now, and what happened.
    pub moved: Moved,
}

/// Which alerts are wanted; newest first by number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertQuery {
    /// Only those that are open, or only those that are not.
    pub open: Option<bool>,
    /// Only those of this rule.
    pub rule: Option<u64>,
    /// Only those of this incident, the one that began it among them.
    pub incident: Option<u64>,
    /// Fired at or after.
    pub from: Option<Millis>,
    /// Fired before.
    pub to: Option<Millis>,
    /// Only those with a smaller number: where the page before ended.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl AlertQuery {
    /// Whether an alert is wanted, `limit` aside.
    pub fn wants(&self, id: u64, alert: &Alert) -> bool {
        self.open.is_none_or(|open| open == alert.is_open())
            && self.rule.is_none_or(|rule| rule == alert.rule)
            && self
                .incident
                .is_none_or(|incident| incident == id || Some(incident) == alert.incident)
            && self.from.is_none_or(|from| alert.fired >= from)
            && self.to.is_none_or(|to| alert.fired < to)
            && self.before.is_none_or(|before| id < before)
    }
}

/// A silence as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSilence {
    /// Rising within the tenant, from 1.
    pub id: u64,
    /// The silence.
    pub silence: Silence,
}

/// The port for alerts.
#[async_trait]
pub trait Alerts: Send + Sync + 'static {
    /// The tenant's rules, by number.
    async fn rules(&self, scope: &TenantScope) -> Result<Vec<StoredRule>, StoreError>;

    /// Stores a rule. `Conflict` when one has the name, or there are [`MAX_RULES`].
    async fn create_rule(
        &self,
        scope: &TenantScope,
        draft: RuleDraft,
        audit: AuditEntry,
    ) -> Result<StoredRule, StoreError>;

    /// Puts a rule into the place of one. `None` when there is none; `Conflict` when its version is another by now, or
    /// another rule has the name.
    async fn change_rule(
        &self,
        scope: &TenantScope,
        known: (u64, u64),
        draft: RuleDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredRule>, StoreError>;

    /// Removes a rule. Its alerts stay, and a default does not come back. `None` when there is none.
    async fn delete_rule(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredRule>, StoreError>;

    /// Stores those of the defaults, each with its key, that the tenant never had, unless a rule has the name. Nobody
    /// asked for it, so no log tells of it. Returns how many there were.
    async fn seed_rules(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        defaults: &[(&str, RuleDraft)],
    ) -> Result<usize, StoreError>;

    /// Writes what the system decided about a tenant's alerts, all or nothing, in order. `Conflict` when a version is
    /// another by now, a new alert's fingerprint is that of an open one, or more than [`MAX_OPEN`] would be open.
    async fn write_alerts(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        writes: Vec<AlertWrite>,
    ) -> Result<Vec<StoredAlert>, StoreError>;

    /// Writes what somebody did to an alert. `None` when there is none of this number; `Conflict` when its version is
    /// another by now, or it is told to be new.
    async fn change_alert(
        &self,
        scope: &TenantScope,
        write: AlertWrite,
        audit: AuditEntry,
    ) -> Result<Option<StoredAlert>, StoreError>;

    /// One alert.
    async fn alert(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredAlert>, StoreError>;

    /// Alerts, newest first.
    async fn alerts(&self, scope: &TenantScope, query: AlertQuery) -> Result<Vec<StoredAlert>, StoreError>;

    /// What happened to an alert, oldest first.
    async fn alert_events(&self, scope: &TenantScope, id: u64) -> Result<Vec<StoredEvent>, StoreError>;

    /// What must be told, in order of alert and event, after the one named, at most `limit`.
    async fn outbox(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        after: (u64, u64),
        limit: usize,
    ) -> Result<Vec<OutboxRow>, StoreError>;

    /// Silences that end after `since`, by number.
    async fn silences(&self, scope: &TenantScope, since: Millis) -> Result<Vec<StoredSilence>, StoreError>;

    /// Stores a silence. `Conflict` when [`MAX_SILENCES`] have not ended at its creation.
    async fn create_silence(
        &self,
        scope: &TenantScope,
        silence: Silence,
        audit: AuditEntry,
    ) -> Result<StoredSilence, StoreError>;

    /// Ends a silence. `None` when there is none; one that has ended is returned as it is, and nothing is written.
    async fn end_silence(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredSilence>, StoreError>;
}

/// Every adapter answers with this when a rule's name is taken.
pub fn rule_name_taken(name: &str) -> StoreError {
    StoreError::Conflict(format!("a rule named {name} is there already"))
}

/// Every adapter answers with this when there are too many rules.
pub fn too_many_rules() -> StoreError {
    StoreError::Conflict(format!("there are {MAX_RULES} rules, and that is the most"))
}

/// Every adapter answers with this when something changed since it was read.
pub fn changed_meanwhile(what: &str, id: u64, version: u64) -> StoreError {
    StoreError::Conflict(format!(
        "the {what} {id} has changed; its version is {version} now"
    ))
}

/// Every adapter answers with this when an alert of the same group is open.
pub fn already_open(fingerprint: u64) -> StoreError {
    StoreError::Conflict(format!(
        "an alert of the group {fingerprint:016x} is open already"
    ))
}

/// Every adapter answers with this when too many alerts would be open.
pub fn too_many_open() -> StoreError {
    StoreError::Conflict(format!("{MAX_OPEN} alerts are open, and that is the most"))
}

/// Every adapter answers with this when there are too many silences.
pub fn too_many_silences() -> StoreError {
    StoreError::Conflict(format!(
        "{MAX_SILENCES} silences have not ended, and that is the most"
    ))
}

/// Every adapter answers with this when an alert to be changed was not named.
pub fn not_named() -> StoreError {
    StoreError::Conflict("only an alert that is there can be changed".into())
}
