//! Deliveries: channels, what must be told through each, and what came of every attempt.
//!
//! What must be told waits in the outbox, written with the event it belongs to (`crate::alerts`). Whoever knows the
//! channels takes a row out and puts one delivery per channel in, in one transaction. Workers claim what is due: a lease
//! keeps others away for a while, the number of the attempt is the fence, and whoever was overtaken writes nothing.
//! A worker that vanishes between sending and recording leaves an attempt without an end, so that the next one knows
//! that it may tell a second time.
//!
//! Channels and messages are kept as the text that whoever sends them reads (JSON); here only names and times matter.
//! Deliberately absent: secrets of channels (`crate::secrets`), sending, and when the next attempt is due.

use async_trait::async_trait;
use domain::Millis;

use crate::{AuditEntry, OutboxRow, StoreError, SystemScope, TenantId, TenantScope};

/// Channels of one tenant; more are refused.
pub const MAX_CHANNELS: usize = 100;

/// A channel to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelDraft {
    /// Unique among the tenant's channels.
    pub name: String,
    /// The channel, as text.
    pub body: String,
    /// It is told.
    pub enabled: bool,
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: String,
}

/// A channel as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChannel {
    /// Rising within the tenant, from 1; never given twice.
    pub id: u64,
    /// Rises with each change, from 1.
    pub version: u64,
    /// As in [`ChannelDraft`].
    pub name: String,
    /// As in [`ChannelDraft`].
    pub body: String,
    /// As in [`ChannelDraft`].
    pub enabled: bool,
    /// Why nothing can be sent through it, when the system switched it off.
    pub trouble: Option<String>,
    /// When it was made, and by whom.
    pub created: (Millis, String),
    /// When it last changed, and by whom.
    pub changed: (Millis, String),
}

/// What one channel must tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The channel's number.
    pub channel: u64,
    /// What it is about, once for each channel: `alert.12.3`.
    pub subject: String,
    /// What belongs together and is told in order: `alert.12`.
    pub topic: String,
    /// The message, as text.
    pub body: String,
    /// When it came up.
    pub created: Millis,
    /// Not before.
    pub due: Millis,
}

/// Where a delivery stands. The names are part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be sent, or being sent.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// Nobody tries any more: refused, or too old.
    Dead,
    /// Nobody wants it any more: its channel was removed.
    Dropped,
    /// It was told together with others, by another delivery.
    Gathered,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [DeliveryState; 5] = [
        DeliveryState::Waiting,
        DeliveryState::Delivered,
        DeliveryState::Dead,
        DeliveryState::Dropped,
        DeliveryState::Gathered,
    ];

    /// Its name in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
            DeliveryState::Dropped => "dropped",
            DeliveryState::Gathered => "gathered",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<DeliveryState> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A delivery as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Rising within the tenant, from 1; never given twice.
    pub id: u64,
    /// As in [`NewDelivery`].
    pub channel: u64,
    /// As in [`NewDelivery`].
    pub subject: String,
    /// As in [`NewDelivery`].
    pub topic: String,
    /// As in [`NewDelivery`].
    pub body: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Failures that made the pause before the next attempt longer.
    pub steps: u32,
    /// An attempt ended without anybody knowing how: it may have been told twice.
    pub unsure: bool,
    /// When it came up.
    pub created: Millis,
    /// The next attempt is not before; of no meaning once it is over.
    pub due: Millis,
    /// When it was over.
    pub done: Option<Millis>,
    /// What the newest attempt gave, in words.
    pub words: String,
}

/// A delivery that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The delivery; `attempts` is the number of this attempt, and the fence.
    pub delivery: StoredDelivery,
    /// What the receiver gave when it last took something of the same topic.
    pub handle: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When the attempt ended.
    pub at: Millis,
    /// The next attempt is not before.
    pub due: Millis,
    /// The pause after the next failure is longer.
    pub climbs: bool,
    /// What the receiver gave, for what comes later of the same topic.
    pub handle: Option<String>,
    /// In words.
    pub words: String,
}

/// One attempt, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttempt {
    /// From 1.
    pub n: u32,
    /// When it began.
    pub began: Millis,
    /// When it ended; `None` while it runs, and for ever when nobody knows how it ended.
    pub ended: Option<Millis>,
    /// What came of it, in words.
    pub words: String,
}

/// Which deliveries are wanted; newest first by number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryQuery {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those of this channel.
    pub channel: Option<u64>,
    /// Only those of this topic.
    pub topic: Option<String>,
    /// Only those with a smaller number: where the page before ended.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl DeliveryQuery {
    /// Whether a delivery is wanted, `limit` aside.
    pub fn wants(&self, delivery: &StoredDelivery) -> bool {
        self.state.is_none_or(|state| state == delivery.state)
            && self.channel.is_none_or(|channel| channel == delivery.channel)
            && self.topic.as_ref().is_none_or(|topic| *topic == delivery.topic)
            && self.before.is_none_or(|before| delivery.id < before)
    }
}

/// The port for deliveries.
#[async_trait]
pub trait Deliveries: Send + Sync + 'static {
    /// The tenant's channels, by number.
    async fn channels(&self, scope: &TenantScope) -> Result<Vec<StoredChannel>, StoreError>;

    /// Stores a channel. `Conflict` when one has the name, or there are [`MAX_CHANNELS`].
    async fn create_channel(
        &self,
        scope: &TenantScope,
        draft: ChannelDraft,
        audit: AuditEntry,
    ) -> Result<StoredChannel, StoreError>;

    /// Puts a channel into the place of one; what was wrong with it is forgotten. `None` when there is none; `Conflict`
    /// when its version is another by now, or another channel has the name.
    async fn change_channel(
        &self,
        scope: &TenantScope,
        known: (u64, u64),
        draft: ChannelDraft,
        audit: AuditEntry,
    ) -> Result<Option<StoredChannel>, StoreError>;

    /// Removes a channel; what waits for it is dropped. `None` when there is none.
    async fn delete_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredChannel>, StoreError>;

    /// Switches a channel off because nothing can be sent through it. `None` when it is not there, was changed since
    /// `known`, or is off.
    async fn switch_off(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        known: (u64, u64),
        why: &str,
        at: Millis,
    ) -> Result<Option<StoredChannel>, StoreError>;

    /// What waits in the outbox, by age, at most `limit`.
    async fn untold(
        &self,
        system: &SystemScope,
        limit: usize,
    ) -> Result<Vec<(TenantId, OutboxRow)>, StoreError>;

    /// Takes a row out of the outbox and puts its deliveries in. False when somebody else was faster; then nothing is
    /// written.
    async fn fan_out(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        row: (u64, u64),
        deliveries: Vec<NewDelivery>,
    ) -> Result<bool, StoreError>;

    /// Puts deliveries in that no alert asked for; those whose channel has the subject already are left out. How many
    /// are new.
    async fn add_deliveries(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        deliveries: Vec<NewDelivery>,
    ) -> Result<usize, StoreError>;

    /// Puts deliveries in that somebody asked for, all or none. `Conflict` when a channel is not there, or has the subject
    /// already.
    async fn ask_deliveries(
        &self,
        scope: &TenantScope,
        deliveries: Vec<NewDelivery>,
        audit: AuditEntry,
    ) -> Result<Vec<StoredDelivery>, StoreError>;

    /// Channels that have something due and are not switched off.
    async fn due(&self, system: &SystemScope, now: Millis) -> Result<Vec<(TenantId, u64)>, StoreError>;

    /// Claims what is due of a channel, oldest first, until `lease`: at most `limit`, of each topic the oldest alone,
    /// and none of a channel that is switched off. An attempt begins.
    async fn claim(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        channel: u64,
        now: Millis,
        lease: Millis,
        limit: usize,
    ) -> Result<Vec<Claim>, StoreError>;

    /// What is due of a channel and was never tried, by number, at most `limit`.
    async fn fresh(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        channel: u64,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<StoredDelivery>, StoreError>;

    /// Puts one delivery into the place of those that were never tried. `None`, and nothing is written, when one of them
    /// was tried meanwhile or is over.
    async fn gather(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        ids: &[u64],
        digest: NewDelivery,
        at: Millis,
    ) -> Result<Option<StoredDelivery>, StoreError>;

    /// Writes what came of an attempt. False when the delivery is over or was claimed again since: nothing is written
    /// then, except that a receiver's yes always counts, because it cannot be taken back.
    async fn record(
        &self,
        system: &SystemScope,
        tenant: &TenantId,
        delivery: u64,
        attempt: u32,
        outcome: Outcome,
    ) -> Result<bool, StoreError>;

    /// Deliveries, newest first.
    async fn deliveries(
        &self,
        scope: &TenantScope,
        query: DeliveryQuery,
    ) -> Result<Vec<StoredDelivery>, StoreError>;

    /// The channels that have deliveries of a topic, whatever became of them, by number.
    async fn channels_told(&self, scope: &TenantScope, topic: &str) -> Result<Vec<u64>, StoreError>;

    /// How many deliveries wait, by channel; channels for which none waits are left out.
    async fn waiting(&self, scope: &TenantScope) -> Result<Vec<(u64, usize)>, StoreError>;

    /// One delivery.
    async fn delivery(&self, scope: &TenantScope, id: u64) -> Result<Option<StoredDelivery>, StoreError>;

    /// The attempts of a delivery, oldest first.
    async fn attempts(&self, scope: &TenantScope, id: u64) -> Result<Vec<StoredAttempt>, StoreError>;

    /// Lets a delivery that is dead be tried again. `None` when there is none; `Conflict` when it is not dead.
    async fn replay(
        &self,
        scope: &TenantScope,
        id: u64,
        at: Millis,
        audit: AuditEntry,
    ) -> Result<Option<StoredDelivery>, StoreError>;

    /// Forgets deliveries, with their attempts, that were over before `before`: at most `limit`. How many there were.
    async fn forget_deliveries(
        &self,
        system: &SystemScope,
        before: Millis,
        limit: usize,
    ) -> Result<usize, StoreError>;
}

const TOGETHER: &str = "told together with others, by delivery ";

/// What the attempts of a delivery say that was told by another.
pub fn gathered_by(id: u64) -> String {
    format!("{TOGETHER}{id}")
}

/// The delivery that [`gathered_by`] names; `None` when they are other words.
pub fn gathered_into(words: &str) -> Option<u64> {
    words.strip_prefix(TOGETHER)?.parse().ok()
}

/// Every adapter answers with this when a channel's name is taken.
pub fn channel_name_taken(name: &str) -> StoreError {
    StoreError::Conflict(format!("a channel named {name} is there already"))
}

/// Every adapter answers with this when there are too many channels.
pub fn too_many_channels() -> StoreError {
    StoreError::Conflict(format!("there are {MAX_CHANNELS} channels, and that is the most"))
}

/// Every adapter answers with this when a delivery cannot be tried again.
pub fn not_dead(id: u64, state: DeliveryState) -> StoreError {
    StoreError::Conflict(format!(
        "delivery {id} is {}; only a dead one can be tried again",
        state.as_str()
    ))
}

/// Every adapter answers with this when a delivery's channel is not there.
pub fn no_channel(id: u64) -> StoreError {
    StoreError::Conflict(format!("there is no channel {id}"))
}

/// Every adapter answers with this when somebody's delivery is there already.
pub fn subject_taken(subject: &str) -> StoreError {
    StoreError::Conflict(format!("{subject} is told through this channel already"))
}
