//! From the outbox to one delivery per channel.

use std::collections::{BTreeSet, HashMap};

use channels::Message;
use domain::Millis;
use domain::alert::Notice;
use store::{NewDelivery, OutboxRow, StoreError, TenantId};

use super::stored::Channel;
use super::{Notifier, ROWS, message, route};
use crate::metrics::Counters;
use crate::start::system_read;

impl Notifier {
    /// Empties the outbox.
    pub(super) async fn fan_out(&self) -> Result<(), StoreError> {
        loop {
            let rows = self.stores.deliveries.untold(&self.system, ROWS).await?;
            let full = rows.len() == ROWS;
            let mut channels: HashMap<TenantId, Vec<Channel>> = HashMap::new();
            for (tenant, row) in rows {
                if !channels.contains_key(&tenant) {
                    channels.insert(tenant.clone(), self.channels_of(&tenant).await?);
                }
                let of_tenant = channels.get(&tenant).map_or(&[][..], Vec::as_slice);
                self.tell(&tenant, &row, of_tenant).await?;
            }
            if !full {
                return Ok(());
            }
        }
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

    async fn tell(&self, tenant: &TenantId, row: &OutboxRow, channels: &[Channel]) -> Result<(), StoreError> {
        let scope = system_read(tenant);
        let alerts = &self.stores.alerts;
        let mut new = Vec::new();
        if !channels.is_empty()
            && let Some(stored) = alerts.alert(&scope, row.alert).await?
        {
            let events = alerts.alert_events(&scope, row.alert).await?;
            let event = events.iter().find(|event| event.n == row.event);
            let told = message::of_alert(tenant, row, &stored, event);
            // Whoever was told by a step is told how it goes on.
            let stepped = match row.notice {
                Notice::Acknowledged | Notice::Resolved => {
                    self.heard(tenant, row.alert, message::is_step).await?
                }
                Notice::Fired | Notice::Refired => BTreeSet::new(),
            };
            let taking = channels.iter().filter(|channel| {
                route::takes(channel, &stored.alert, row.notice, row.created)
                    || (stepped.contains(&channel.stored.id) && route::goes_on(channel, row.notice))
            });
            for channel in taking {
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
