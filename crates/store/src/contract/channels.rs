//! Channels: as people make and change them, and switched off when nothing can be sent through them.

use super::deliveries::{SECOND, add, claim, due, new};
use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::deliveries::MAX_CHANNELS;
use crate::{ChannelDraft, Deliveries, StoreError, StoredChannel};

fn draft(name: &str) -> ChannelDraft {
    ChannelDraft {
        name: name.into(),
        body: format!("{{\"kind\":\"webhook\",\"about\":\"Größe {name}\"}}"),
        enabled: true,
        at: NOON,
        by: "account:ada".into(),
    }
}

async fn create(subject: &impl Subject, slug: &str, name: &str) -> Result<StoredChannel, StoreError> {
    let entry = audit("channel.create", name);
    subject
        .store()
        .create_channel(&scope(slug), draft(name), entry)
        .await
}

pub(super) async fn channel(subject: &impl Subject, slug: &str, name: &str) -> StoredChannel {
    create(subject, slug, name).await.expect("the channel is stored")
}

async fn channels(subject: &impl Subject, slug: &str) -> Vec<StoredChannel> {
    let channels = subject.store().channels(&scope(slug)).await;
    channels.expect("channels can be read")
}

/// A channel comes back as it was given, changes with its version, and is gone when it is removed.
pub async fn channels_come_back_and_change(subject: &mut impl Subject) {
    let first = channel(subject, "a", "ops").await;
    assert_eq!((first.id, first.version, first.trouble.clone()), (1, 1, None));
    assert_eq!(
        (first.body.as_str(), first.enabled),
        (draft("ops").body.as_str(), true)
    );
    channel(subject, "a", "night").await;
    subject.reopen().await;
    let stored = channels(subject, "a").await;
    assert_eq!(stored[0], first);
    assert_eq!(stored[1].id, 2);

    let other = ChannelDraft {
        name: "ops 2".into(),
        enabled: false,
        at: NOON + 1,
        by: "account:bob".into(),
        ..draft("ops")
    };
    let here = scope("a");
    let change = |known, draft| {
        let entry = audit("channel.change", "1");
        subject.store().change_channel(&here, known, draft, entry)
    };
    is_conflict(change((1, 2), other.clone()).await);
    is_conflict(change((1, 1), draft("night")).await);
    assert_eq!(
        change((9, 1), other.clone()).await.expect("the store answers"),
        None
    );
    let changed = change((1, 1), other).await.expect("it is changed");
    let changed = changed.expect("it is there");
    assert_eq!(
        (changed.version, changed.name.as_str(), changed.enabled),
        (2, "ops 2", false)
    );
    assert_eq!(changed.changed, (NOON + 1, "account:bob".into()));

    let entry = || audit("channel.remove", "1");
    let removed = subject
        .store()
        .delete_channel(&scope("a"), 1, NOON + 2, entry())
        .await;
    assert_eq!(
        removed
            .map(|channel| channel.map(|channel| channel.id))
            .expect("the store answers"),
        Some(1)
    );
    let again = subject
        .store()
        .delete_channel(&scope("a"), 1, NOON + 3, entry())
        .await;
    assert_eq!(again.expect("the store answers"), None);
    assert_eq!(channels(subject, "a").await.len(), 1);
    // Neither its number nor its place is given again; its name is free.
    assert_eq!(channel(subject, "a", "ops 2").await.id, 3);
    let actions: Vec<String> = log(subject, "a")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(
        actions,
        [
            "channel.create",
            "channel.remove",
            "channel.change",
            "channel.create",
            "channel.create"
        ]
    );
}

/// Names are unique within a tenant, and there is a most of channels.
pub async fn channels_have_names_and_a_limit(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    is_conflict(create(subject, "a", "ops").await);
    channel(subject, "b", "ops").await;
    for n in 1..MAX_CHANNELS {
        channel(subject, "a", &format!("channel {n}")).await;
    }
    is_conflict(create(subject, "a", "one more").await);
    assert_eq!(channels(subject, "a").await.len(), MAX_CHANNELS);
}

/// What was switched off because of trouble says so, is told nothing, and is on again when somebody changes it.
pub async fn a_channel_in_trouble_is_off_until_it_is_changed(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    add(subject, "a", vec![new(1, "alert.1.2")]).await;
    let off = |known| {
        let (system, tenant) = (system(), tenant("a"));
        let store = subject.store();
        async move {
            store
                .switch_off(&system, &tenant, known, "410 Gone", NOON + 1)
                .await
        }
    };
    assert_eq!(
        off((1, 7)).await.expect("the store answers"),
        None,
        "changed since"
    );
    let switched = off((1, 1)).await.expect("it is switched off").expect("it was on");
    assert_eq!(
        (switched.version, switched.trouble.as_deref()),
        (2, Some("410 Gone"))
    );
    assert_eq!(off((1, 2)).await.expect("the store answers"), None, "off already");
    assert_eq!(due(subject, NOON + SECOND).await, []);
    assert!(claim(subject, "a", 1, NOON + SECOND).await.is_empty());

    let entry = audit("channel.change", "1");
    let changed = subject
        .store()
        .change_channel(&scope("a"), (1, 2), draft("ops"), entry)
        .await;
    assert_eq!(
        changed
            .map(|channel| channel.map(|channel| channel.trouble))
            .expect("the store answers"),
        Some(None)
    );
    assert_eq!(due(subject, NOON + SECOND).await, [("a".to_owned(), 1)]);
    assert_eq!(claim(subject, "a", 1, NOON + SECOND).await.len(), 1);
}
