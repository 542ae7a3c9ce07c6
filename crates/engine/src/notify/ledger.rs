//! What was told, what waits, and what came of every attempt.

use channels::{Kind, Message};
use protocol::channels::{AttemptItem, DeliveryDetail, DeliveryItem, DeliveryList};
use store::{DeliveryQuery, DeliveryState, StoredChannel, StoredDelivery, TenantId, TenantScope};

use super::message;
use super::{ChannelError, stored::Channel};
use crate::Engine;
use crate::alerts::Hand;

/// Deliveries of one page, at most.
const MAX_PAGE: usize = 200;

/// Which deliveries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverySearch {
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those of this channel.
    pub channel: Option<u64>,
    /// Only those of this alert.
    pub alert: Option<u64>,
    /// Only those with a smaller number.
    pub before: Option<u64>,
    /// At most so many, up to 200.
    pub limit: usize,
}

impl Engine {
    /// Deliveries, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn deliveries(
        &self,
        scope: &TenantScope,
        search: &DeliverySearch,
    ) -> Result<DeliveryList, ChannelError> {
        let deliveries = &self.stores().deliveries;
        let channels = deliveries.channels(scope).await?;
        let limit = search.limit.clamp(1, MAX_PAGE);
        let query = DeliveryQuery {
            state: search.state,
            channel: search.channel,
            topic: search.alert.map(message::topic),
            before: search.before,
            limit: limit + 1,
        };
        let mut found = deliveries.deliveries(scope, query).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().map(|last| last.id).filter(|_| more);
        let items = found.iter().map(|stored| item(stored, scope.tenant(), &channels));
        Ok(DeliveryList {
            items: items.collect(),
            next,
        })
    }

    /// One delivery with its attempts, and what people get.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn delivery(&self, scope: &TenantScope, id: u64) -> Result<DeliveryDetail, ChannelError> {
        let deliveries = &self.stores().deliveries;
        let stored = deliveries.delivery(scope, id).await?;
        let stored = stored.ok_or(ChannelError::Missing)?;
        let channels = deliveries.channels(scope).await?;
        let attempts = deliveries.attempts(scope, id).await?;
        let tries = attempts.into_iter().map(|attempt| AttemptItem {
            n: attempt.n,
            began: attempt.began,
            took: attempt.ended.map(|ended| (ended - attempt.began).max(0)),
            words: attempt.words,
        });
        let kind = channels
            .iter()
            .find(|channel| channel.id == stored.channel)
            .and_then(|channel| Channel::of(channel.clone()).ok())
            .map_or(Kind::Webhook, |channel| channel.kind);
        let told: Option<Message> = serde_json::from_str(&stored.body).ok();
        Ok(DeliveryDetail {
            item: item(&stored, scope.tenant(), &channels),
            tries: tries.collect(),
            preview: told
                .map(|told| channels::preview(kind, &told))
                .unwrap_or_default(),
        })
    }

    /// Lets a delivery that is dead be tried again.
    ///
    /// # Errors
    /// There is none, it is not dead, or the store cannot be written.
    pub async fn replay_delivery(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<DeliveryItem, ChannelError> {
        let now = self.clock().now();
        let entry = hand.entry(now, "delivery.replay", id, "");
        let deliveries = &self.stores().deliveries;
        let replayed = deliveries.replay(scope, id, now, entry).await?;
        let replayed = replayed.ok_or(ChannelError::Missing)?;
        self.notifier().woken.notify_one();
        let channels = deliveries.channels(scope).await?;
        Ok(item(&replayed, scope.tenant(), &channels))
    }
}

/// A delivery as it is told.
pub(super) fn item(stored: &StoredDelivery, tenant: &TenantId, channels: &[StoredChannel]) -> DeliveryItem {
    let told: Option<Message> = serde_json::from_str(&stored.body).ok();
    let told = told.as_ref();
    let waits = stored.state == DeliveryState::Waiting;
    let channel = channels.iter().find(|channel| channel.id == stored.channel);
    DeliveryItem {
        id: stored.id,
        channel: stored.channel,
        channel_name: channel.map(|channel| channel.name.clone()),
        notice: told.map_or(String::new(), |told| told.notice.as_str().into()),
        severity: told.map_or(String::new(), |told| told.severity.as_str().into()),
        title: told.map_or_else(|| stored.subject.clone(), |told| told.title.clone()),
        alert: message::alert_of(&stored.topic),
        notification: message::id(tenant, &stored.subject, stored.channel),
        state: stored.state.as_str().into(),
        attempts: stored.attempts,
        unsure: stored.unsure,
        created: stored.created,
        due: waits.then_some(stored.due),
        done: stored.done,
        words: stored.words.clone(),
    }
}
