//! What people would be told: a channel that takes everything, and what came up for it.

use store::{Alerts as _, AuditEntry, ChannelDraft, Deliveries as _, DeliveryQuery, StoredDelivery};

use super::{House, scope};

/// Makes a channel that is told of everything.
pub async fn listen(house: &House) {
    let draft = ChannelDraft {
        name: "ops".into(),
        body:
            r#"{"kind":"webhook","settings":{},"least":"info","only":[],"acknowledged":true,"resolved":true,
            "destination":null,"secrets":[]}"#
                .into(),
        enabled: true,
        at: house.clock.now(),
        by: "account:ada".into(),
    };
    let entry = AuditEntry {
        at: house.clock.now(),
        actor: "account:ada".into(),
        address: String::new(),
        action: "channel.create".into(),
        target: "ops".into(),
        detail: String::new(),
    };
    let made = house.store.create_channel(&scope(), draft, entry).await;
    made.expect("the channel is stored");
}

/// What the channel was to be told of, once nothing is left in the outbox.
pub async fn told(house: &House) -> Vec<StoredDelivery> {
    let outbox = || async {
        let rows = house
            .store
            .outbox(&house.supervisor.system(), scope().tenant(), (0, 0), 10)
            .await;
        rows.expect("the outbox can be read")
    };
    while !outbox().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let query = DeliveryQuery {
        limit: 100,
        ..DeliveryQuery::default()
    };
    let rows = house.store.deliveries(&scope(), query).await;
    rows.expect("deliveries can be read")
}
