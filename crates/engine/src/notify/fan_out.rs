//! From the outbox to one delivery per channel.

use std::collections::HashMap;

use channels::Message;
use domain::Millis;
use domain::alert::Notice;
use store::{NewDelivery, OutboxRow, StoreError, TenantId};

use super::named::Naming;
use super::route::Told;
use super::stored::Channel;
use super::{Notifier, ROWS, message, route};
use crate::metrics::Counters;
use crate::start::system_read;

/// The channels of tenants, each read once in a turn.
pub(super) type Known = HashMap<TenantId, Vec<Channel>>;

impl Notifier {
    /// Takes a page out of the outbox. When there may be more, the next turn comes at once: what is due of anybody is begun
    /// in between, however much one tenant has to tell.
    pub(super) async fn fan_out(&self) -> Result<(), StoreError> {
        let rows = self.stores.deliveries.untold(&self.system, ROWS).await?;
        let full = rows.len() == ROWS;
        let (mut known, mut naming) = (Known::new(), Naming::new());
        for (tenant, row) in rows {
            let channels = self.known(&mut known, &tenant).await?;
            self.tell(&tenant, &row, channels, &mut naming).await?;
        }
        if full {
            self.woken.notify_one();
        }
        Ok(())
    }

    /// The channels of a tenant, read unless they were in this turn.
    pub(super) async fn known<'a>(
        &self,
        known: &'a mut Known,
        tenant: &TenantId,
    ) -> Result<&'a [Channel], StoreError> {
        if !known.contains_key(tenant) {
            known.insert(tenant.clone(), self.channels_of(tenant).await?);
        }
        Ok(known.get(tenant).map_or(&[], Vec::as_slice))
    }

    /// The channels of a tenant that can be read.
    pub(super) async fn channels_of(&self, tenant: &TenantId) -> Result<Vec<Channel>, StoreError> {
        let stored = self.stores.deliveries.channels(&system_read(tenant)).await?;
        let readable = stored.into_iter().filter_map(|stored| {
            let id = stored.id;
            Channel::of(stored)
                .inspect_err(|why| tracing::error!(%tenant, channel = id, why, "a channel cannot be used"))
                .ok()
        });
        Ok(readable.collect())
    }

    async fn tell(
        &self,
        tenant: &TenantId,
        row: &OutboxRow,
        channels: &[Channel],
        naming: &mut Naming,
    ) -> Result<(), StoreError> {
        let scope = system_read(tenant);
        let alerts = &self.stores.alerts;
        let mut new = Vec::new();
        if !channels.is_empty()
            && let Some(stored) = alerts.alert(&scope, row.alert).await?
        {
            let events = alerts.alert_events(&scope, row.alert).await?;
            let event = events.iter().find(|event| event.n == row.event);
            let told = message::of_alert(tenant, row, &stored, event);
            let mut named = self.named(naming, tenant, stored.alert.rule).await?;
            named.retain(|id| channels.iter().any(|channel| channel.stored.id == *id));
            let whom = Told {
                alert: &stored.alert,
                notice: row.notice,
                at: row.created,
                named: &named,
                before: &self.told_before(tenant, row).await?,
            };
            for channel in channels.iter().filter(|channel| route::takes(channel, &whom)) {
                let subject = message::subject(row);
                new.push(self.delivery(tenant, row, subject, channel, told.clone()).await?);
            }
        }
        let place = (row.alert, row.event);
        let count = new.len() as u64;
        if self
            .stores
            .deliveries
            .fan_out(&self.system, tenant, place, new)
            .await?
        {
            Counters::add(&self.counters.deliveries, count);
            self.news(tenant);
        }
        Ok(())
    }

    /// The channels that were told of an alert, by its rule or by a step, before this notice changes something about it.
    async fn told_before(&self, tenant: &TenantId, row: &OutboxRow) -> Result<Vec<u64>, StoreError> {
        match row.notice {
            Notice::Fired | Notice::Refired => Ok(Vec::new()),
            Notice::Acknowledged | Notice::Resolved => {
                let heard = self.heard(tenant, row.alert).await?;
                Ok(heard.into_iter().collect())
            }
        }
    }

    /// What is told of an alert through one channel, under this name.
    pub(super) async fn delivery(
        &self,
        tenant: &TenantId,
        row: &OutboxRow,
        subject: String,
        channel: &Channel,
        mut told: Message,
    ) -> Result<NewDelivery, StoreError> {
        let id = channel.stored.id;
        told.id = message::id(tenant, &subject, id);
        told.link = self.post.link(tenant, &format!("/alerts/{}", row.alert));
        if told.notice.calls() {
            told.ack_link = self.post.ack_link(tenant, row.alert, id, row.created).await;
        }
        channel.words.say(&mut told);
        new_delivery(id, subject, message::topic(row.alert), &told, row.created)
    }
}

/// A delivery of a message.
pub(super) fn new_delivery(
    channel: u64,
    subject: String,
    topic: String,
    told: &Message,
    at: Millis,
) -> Result<NewDelivery, StoreError> {
    let body = serde_json::to_string(told).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(NewDelivery {
        channel,
        subject,
        topic,
        body,
        created: at,
        due: at,
    })
}
