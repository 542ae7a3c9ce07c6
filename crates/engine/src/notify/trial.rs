//! Trying a channel out. Where a message opens an incident that somebody may be woken by, one more closes it: both are
//! stored together, and told in their order.

use channels::{Message, Notice};
use protocol::channels::DeliveryItem;
use store::{StoreError, TenantScope};

use super::fan_out::new_delivery;
use super::{ChannelError, ledger, message};
use crate::Engine;
use crate::alerts::Hand;

const ARRIVED: &str = "If you read this, alerts arrive here.";
const CLOSES: &str = "If you read this, alerts arrive here. It is a test, and resolves itself at once.";

impl Engine {
    /// Sends a test message through a channel; what came of it is in the delivery. Of a service that opens incidents it is
    /// the one that opens it; the next closes it.
    ///
    /// # Errors
    /// There is none, it is off, or the store cannot be written.
    pub async fn test_channel(
        &self,
        scope: &TenantScope,
        id: u64,
        hand: &Hand,
    ) -> Result<DeliveryItem, ChannelError> {
        let channel = self.usable(scope, id).await?;
        if !channel.is_on() {
            let why = "it is off; switch it on, and test it then";
            return Err(ChannelError::Conflict(why.into()));
        }
        let now = self.clock().now();
        let topic = format!("test.{id}.{now}");
        let opens = channel.kind.opens_incidents();
        let told = |notice, subject: &str| Message {
            id: message::id(scope.tenant(), subject, id),
            title: format!("Test: {}", channel.stored.name),
            summary: if opens { CLOSES } else { ARRIVED }.into(),
            by: Some(hand.who.name.clone()),
            link: self.notifier().post.link(scope.tenant(), "/alerts/channels"),
            ..message::blank(notice, scope.tenant().as_str(), &topic, now)
        };
        let mut new = vec![new_delivery(
            id,
            topic.clone(),
            topic.clone(),
            &told(Notice::Test, &topic),
            now,
        )?];
        if opens {
            let subject = format!("{topic}.over");
            let over = Message {
                note: Some("It was a test.".into()),
                ..told(Notice::Resolved, &subject)
            };
            new.push(new_delivery(id, subject, topic.clone(), &over, now)?);
        }
        let entry = hand.entry(now, "channel.test", id, &channel.stored.name);
        let added = self.stores().deliveries.ask_deliveries(scope, new, entry).await?;
        self.notifier().woken.notify_one();
        let first = added
            .first()
            .map(|first| ledger::item(first, scope.tenant(), &[]));
        first.ok_or_else(|| StoreError::Corrupt("nothing was stored of a test".into()).into())
    }
}
