//! When a channel is dead, people are told through the others.

use channels::{Message, Notice, Severity};
use domain::Millis;
use store::{StoreError, TenantId};

use super::fan_out::new_delivery;
use super::stored::Channel;
use super::{Notifier, message};

const DAY: Millis = 86_400_000;

impl Notifier {
    /// Nothing will be taken any more: the channel is switched off, and the others are told.
    pub(super) async fn give_up(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        why: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let known = (channel.stored.id, channel.stored.version);
        let deliveries = &self.stores.deliveries;
        let off = deliveries
            .switch_off(&self.system, tenant, known, why, now)
            .await?;
        let Some(off) = off else { return Ok(()) };
        tracing::warn!(%tenant, channel = off.id, why, "a channel was switched off");
        let subject = format!("channel.{}.{}", off.id, off.version);
        let title = format!("Channel off: {}", off.name);
        let summary = format!("{why}. It is told nothing until somebody looks after it.");
        self.tell_others(
            tenant,
            off.id,
            &subject,
            (title, summary, Severity::Critical),
            now,
        )
        .await
    }

    /// It does not answer, and may again: the others are told once a day.
    pub(super) async fn warn_of(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        why: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let id = channel.stored.id;
        let subject = format!("channel.{id}.failing.{}", now.div_euclid(DAY));
        let title = format!("Channel failing: {}", channel.stored.name);
        let summary = format!("{why}. What waits for it is tried again for three days.");
        self.tell_others(tenant, id, &subject, (title, summary, Severity::Warning), now)
            .await
    }

    async fn tell_others(
        &self,
        tenant: &TenantId,
        dead: u64,
        subject: &str,
        (title, summary, severity): (String, String, Severity),
        now: Millis,
    ) -> Result<(), StoreError> {
        let channels = self.channels_of(tenant).await?;
        let others = channels
            .iter()
            .filter(|channel| channel.stored.id != dead && channel.is_on());
        let mut new = Vec::new();
        for channel in others {
            let id = channel.stored.id;
            let told = Message {
                id: message::id(tenant, subject, id),
                severity,
                title: title.clone(),
                summary: summary.clone(),
                link: self.post.link(tenant, "/alerts/channels"),
                ..message::blank(Notice::Trouble, tenant.as_str(), subject, now)
            };
            new.push(new_delivery(
                id,
                subject.to_owned(),
                subject.to_owned(),
                &told,
                now,
            )?);
        }
        self.stores
            .deliveries
            .add_deliveries(&self.system, tenant, new)
            .await?;
        Ok(())
    }
}
