//! What must be told through channels, and every attempt at it.

use domain::Millis;

use super::alerts::{raise, resolve};
use super::channels::channel;
use super::samples::{NOON, audit};
use super::{Subject, is_conflict, log, scope, system, tenant};
use crate::{Claim, Deliveries, DeliveryQuery, DeliveryState, NewDelivery, Outcome, StoredDelivery};

pub(super) const SECOND: Millis = 1_000;

pub(super) fn new(channel: u64, subject: &str) -> NewDelivery {
    let topic = subject.rsplit_once('.').map_or(subject, |(topic, _)| topic);
    NewDelivery {
        channel,
        subject: subject.into(),
        topic: topic.into(),
        body: format!("{{\"title\":\"{subject}\"}}"),
        created: NOON,
        due: NOON,
    }
}

pub(super) async fn add(subject: &impl Subject, slug: &str, deliveries: Vec<NewDelivery>) -> usize {
    let added = subject
        .store()
        .add_deliveries(&system(), &tenant(slug), deliveries)
        .await;
    added.expect("deliveries are stored")
}

pub(super) async fn claim(subject: &impl Subject, slug: &str, channel: u64, now: Millis) -> Vec<Claim> {
    let claims = subject
        .store()
        .claim(&system(), &tenant(slug), channel, now, now + 30 * SECOND, 10)
        .await;
    claims.expect("deliveries can be claimed")
}

pub(super) fn ended(state: DeliveryState, at: Millis, words: &str) -> Outcome {
    Outcome {
        state,
        at,
        due: at + 60 * SECOND,
        climbs: state == DeliveryState::Waiting,
        handle: None,
        words: words.into(),
    }
}

pub(super) async fn record(subject: &impl Subject, slug: &str, claim: &Claim, outcome: Outcome) -> bool {
    let Claim { delivery, .. } = claim;
    let recorded = subject
        .store()
        .record(&system(), &tenant(slug), delivery.id, delivery.attempts, outcome)
        .await;
    recorded.expect("outcomes are stored")
}

pub(super) async fn all(subject: &impl Subject, slug: &str) -> Vec<StoredDelivery> {
    let query = DeliveryQuery {
        limit: 100,
        ..DeliveryQuery::default()
    };
    let deliveries = subject.store().deliveries(&scope(slug), query).await;
    deliveries.expect("deliveries can be read")
}

pub(super) async fn due(subject: &impl Subject, now: Millis) -> Vec<(String, u64)> {
    let due = subject.store().due(&system(), now).await.expect("what is due");
    due.into_iter()
        .map(|(tenant, channel)| (tenant.as_str().to_owned(), channel))
        .collect()
}

/// A row of the outbox becomes deliveries once, whoever is faster.
pub async fn what_must_be_told_leaves_the_outbox_once(subject: &mut impl Subject) {
    for name in ["ops", "night"] {
        channel(subject, "a", name).await;
    }
    let first = raise(subject, "a", 1).await;
    raise(subject, "b", 1).await;
    let untold = subject
        .store()
        .untold(&system(), 10)
        .await
        .expect("the outbox can be read");
    let tenants: Vec<&str> = untold.iter().map(|(tenant, _)| tenant.as_str()).collect();
    assert_eq!(tenants, ["a", "b"]);
    let row = &untold[0].1;
    let place = (row.alert, row.event);
    assert_eq!(place.0, first.id);

    let wanted = || vec![new(1, "alert.1.2"), new(2, "alert.1.2")];
    let fan_out = || {
        let (system, tenant) = (system(), tenant("a"));
        let store = subject.store();
        async move { store.fan_out(&system, &tenant, place, wanted()).await }
    };
    assert!(fan_out().await.expect("the store answers"));
    let again = fan_out().await.expect("the store answers");
    assert!(!again, "somebody was faster");
    subject.reopen().await;
    assert_eq!(all(subject, "a").await.len(), 2);
    let left = subject
        .store()
        .untold(&system(), 10)
        .await
        .expect("the outbox can be read");
    assert_eq!(left.len(), 1);
    // A repeat of a subject is left out; another channel is told of it.
    assert_eq!(
        add(subject, "a", vec![new(1, "alert.1.2"), new(1, "alert.1.3")]).await,
        1
    );
    assert_eq!(all(subject, "b").await, []);
}

/// A claim keeps others away until its lease ends; then the next attempt knows that nobody knows how that one ended.
pub async fn a_claim_is_a_lease(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    add(subject, "a", vec![new(1, "alert.1.2")]).await;
    assert_eq!(due(subject, NOON - 1).await, []);
    assert_eq!(due(subject, NOON).await, [("a".to_owned(), 1)]);
    let claims = claim(subject, "a", 1, NOON).await;
    let first = &claims[0];
    assert_eq!((first.delivery.attempts, first.delivery.unsure), (1, false));
    assert_eq!(first.delivery.body, new(1, "alert.1.2").body);
    assert_eq!(due(subject, NOON + 29 * SECOND).await, []);
    assert!(claim(subject, "a", 1, NOON + 29 * SECOND).await.is_empty());

    let claims = claim(subject, "a", 1, NOON + 30 * SECOND).await;
    let second = &claims[0];
    assert_eq!((second.delivery.attempts, second.delivery.unsure), (2, true));
    // Whoever was overtaken may not say that it failed, but how it ended is kept.
    let late = ended(DeliveryState::Dead, NOON + 31 * SECOND, "refused");
    assert!(!record(subject, "a", first, late).await);
    let retry = ended(DeliveryState::Waiting, NOON + 32 * SECOND, "503");
    assert!(record(subject, "a", second, retry).await);
    let attempts = subject
        .store()
        .attempts(&scope("a"), 1)
        .await
        .expect("attempts can be read");
    let told: Vec<(u32, Option<Millis>, &str)> = attempts
        .iter()
        .map(|attempt| (attempt.n, attempt.ended, attempt.words.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (1, Some(NOON + 31 * SECOND), "refused"),
            (2, Some(NOON + 32 * SECOND), "503")
        ]
    );
    assert_eq!(due(subject, NOON + 91 * SECOND).await, []);
    let third = claim(subject, "a", 1, NOON + 92 * SECOND).await.remove(0);
    assert_eq!((third.delivery.attempts, third.delivery.steps), (3, 1));
}

/// A receiver's yes counts also from whoever was overtaken: it cannot be taken back.
pub async fn a_yes_always_counts(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    add(subject, "a", vec![new(1, "alert.1.2")]).await;
    let first = claim(subject, "a", 1, NOON).await.remove(0);
    let second = claim(subject, "a", 1, NOON + 30 * SECOND).await.remove(0);
    assert!(
        record(
            subject,
            "a",
            &first,
            ended(DeliveryState::Delivered, NOON + 31 * SECOND, "ok")
        )
        .await
    );
    let late = ended(DeliveryState::Waiting, NOON + 32 * SECOND, "timeout");
    assert!(!record(subject, "a", &second, late).await);
    subject.reopen().await;
    let stored = all(subject, "a").await.remove(0);
    assert_eq!(
        (stored.state, stored.done),
        (DeliveryState::Delivered, Some(NOON + 31 * SECOND))
    );
    assert_eq!(stored.words, "ok");
    assert!(claim(subject, "a", 1, NOON + 1_000 * SECOND).await.is_empty());
}

/// Of a topic the oldest is told first; what one gave is there for the next.
pub async fn a_topic_is_told_in_order(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    channel(subject, "a", "night").await;
    let wanted = [
        (1, "alert.1.2"),
        (1, "alert.1.5"),
        (1, "alert.2.2"),
        (2, "alert.1.5"),
    ];
    add(
        subject,
        "a",
        wanted.map(|(channel, subject)| new(channel, subject)).into(),
    )
    .await;
    let told = subject.store().channels_told(&scope("a"), "alert.1").await;
    assert_eq!(told.expect("it can be read"), [1, 2]);
    let claims = claim(subject, "a", 1, NOON).await;
    let subjects: Vec<&str> = claims
        .iter()
        .map(|claim| claim.delivery.subject.as_str())
        .collect();
    assert_eq!(subjects, ["alert.1.2", "alert.2.2"]);
    assert_eq!(
        claim(subject, "a", 2, NOON).await.len(),
        1,
        "another channel does not wait"
    );

    let done = Outcome {
        handle: Some("C1:17.3".into()),
        ..ended(DeliveryState::Delivered, NOON + 1, "ok")
    };
    assert!(record(subject, "a", &claims[0], done).await);
    let claims = claim(subject, "a", 1, NOON + 2).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].delivery.subject, "alert.1.5");
    assert_eq!(claims[0].handle.as_deref(), Some("C1:17.3"));
}

/// What is dead stays until somebody has it tried again; what is not dead cannot be.
pub async fn a_dead_delivery_can_be_tried_again(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    add(subject, "a", vec![new(1, "alert.1.2")]).await;
    let here = scope("a");
    let replay = |id, at| {
        let entry = audit("delivery.replay", "1");
        subject.store().replay(&here, id, at, entry)
    };
    is_conflict(replay(1, NOON).await);
    assert_eq!(replay(2, NOON).await.expect("the store answers"), None);
    let claims = claim(subject, "a", 1, NOON).await;
    assert!(
        record(
            subject,
            "a",
            &claims[0],
            ended(DeliveryState::Dead, NOON + 1, "400")
        )
        .await
    );
    assert_eq!(due(subject, NOON + 99 * SECOND).await, []);
    let query = DeliveryQuery {
        state: Some(DeliveryState::Dead),
        limit: 10,
        ..DeliveryQuery::default()
    };
    let dead = subject
        .store()
        .deliveries(&scope("a"), query)
        .await
        .expect("they can be read");
    assert_eq!(dead.len(), 1);
    let again = replay(1, NOON + 100 * SECOND)
        .await
        .expect("it is tried")
        .expect("it is there");
    assert_eq!(
        (again.state, again.attempts, again.done),
        (DeliveryState::Waiting, 1, None)
    );
    let claims = claim(subject, "a", 1, NOON + 100 * SECOND).await;
    assert_eq!(
        (claims[0].delivery.attempts, claims[0].delivery.unsure),
        (2, false)
    );
}

/// What waits for a channel that is removed is dropped.
pub async fn a_removed_channel_drops_what_waits(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let wanted = ["alert.1.2", "alert.2.2"].map(|subject| new(1, subject));
    add(subject, "a", wanted.into()).await;
    let claims = claim(subject, "a", 1, NOON).await;
    assert!(
        record(
            subject,
            "a",
            &claims[0],
            ended(DeliveryState::Delivered, NOON + 1, "ok")
        )
        .await
    );
    let entry = audit("channel.remove", "1");
    let removed = subject
        .store()
        .delete_channel(&scope("a"), 1, NOON + 2, entry)
        .await;
    assert!(removed.is_ok_and(|channel| channel.is_some()));
    let states: Vec<DeliveryState> = all(subject, "a").await.iter().map(|one| one.state).collect();
    assert_eq!(states, [DeliveryState::Dropped, DeliveryState::Delivered]);
    let entry = audit("channel.test", "1");
    is_conflict(
        subject
            .store()
            .ask_deliveries(&scope("a"), vec![new(1, "test.1")], entry)
            .await,
    );
}

/// Somebody's own deliveries are stored with one entry in the log; with a subject that is there none is.
pub async fn a_delivery_that_somebody_asks_for_is_logged(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let here = scope("a");
    let ask = |subjects: &[&str]| {
        let entry = audit("channel.test", "1");
        let asked = subjects.iter().map(|subject| new(1, subject)).collect();
        subject.store().ask_deliveries(&here, asked, entry)
    };
    let stored = ask(&["test.1", "test.1.over"]).await.expect("the store answers");
    let ids: Vec<u64> = stored.iter().map(|delivery| delivery.id).collect();
    assert_eq!(ids, [1, 2]);
    is_conflict(ask(&["test.2", "test.1"]).await);
    assert_eq!(all(subject, "a").await.len(), 2, "all or none");
    let actions: Vec<String> = log(subject, "a")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["channel.test", "channel.create"]);
}

/// Deliveries are found by what is wanted, page by page, newest first, and never those of others.
pub async fn deliveries_are_found_by_what_is_wanted(subject: &mut impl Subject) {
    for name in ["ops", "night"] {
        channel(subject, "a", name).await;
    }
    channel(subject, "b", "ops").await;
    let wanted = [(1, "alert.1.2"), (2, "alert.1.2"), (1, "alert.2.2")];
    add(
        subject,
        "a",
        wanted.map(|(channel, subject)| new(channel, subject)).into(),
    )
    .await;
    add(subject, "b", vec![new(1, "alert.1.2")]).await;
    let store = subject.store();
    let ids = |query: DeliveryQuery| async move {
        let query = DeliveryQuery { limit: 2, ..query };
        let found = store.deliveries(&scope("a"), query).await;
        let found = found.expect("deliveries can be read");
        found.iter().map(|one| one.id).collect::<Vec<u64>>()
    };
    assert_eq!(ids(DeliveryQuery::default()).await, [3, 2]);
    let page = DeliveryQuery {
        before: Some(2),
        ..DeliveryQuery::default()
    };
    assert_eq!(ids(page).await, [1]);
    let of_channel = DeliveryQuery {
        channel: Some(2),
        ..DeliveryQuery::default()
    };
    assert_eq!(ids(of_channel).await, [2]);
    let of_topic = DeliveryQuery {
        topic: Some("alert.1".into()),
        ..DeliveryQuery::default()
    };
    assert_eq!(ids(of_topic).await, [2, 1]);
    let waiting = subject.store().waiting(&scope("a")).await;
    assert_eq!(waiting.expect("they can be counted"), [(1, 2), (2, 1)]);
    for told in claim(subject, "a", 2, NOON).await {
        record(subject, "a", &told, ended(DeliveryState::Delivered, NOON, "200")).await;
    }
    let waiting = subject.store().waiting(&scope("a")).await;
    assert_eq!(waiting.expect("they can be counted"), [(1, 2)]);
    let one = subject.store().delivery(&scope("a"), 3).await;
    assert_eq!(
        one.map(|one| one.map(|one| one.subject))
            .expect("the store answers"),
        Some("alert.2.2".into())
    );
    assert_eq!(
        subject
            .store()
            .delivery(&scope("b"), 3)
            .await
            .expect("the store answers"),
        None
    );
    assert_eq!(
        subject
            .store()
            .attempts(&scope("b"), 3)
            .await
            .expect("the store answers"),
        vec![]
    );
}

/// Many become one, all or none of them; what was tried stays by itself, and so does what came after it.
pub async fn what_was_never_tried_can_be_gathered(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let subjects = ["alert.1.2", "alert.2.2", "alert.3.2"];
    add(subject, "a", subjects.map(|subject| new(1, subject)).into()).await;
    let claimed = claim(subject, "a", 1, NOON).await;
    assert_eq!(claimed.len(), 3);
    let again = Outcome {
        due: NOON + 1,
        ..ended(DeliveryState::Waiting, NOON, "500")
    };
    assert!(record(subject, "a", &claimed[0], again).await);
    let later = ["alert.1.3", "alert.4.2", "alert.5.2", "alert.5.3"];
    add(subject, "a", later.map(|subject| new(1, subject)).into()).await;
    add(subject, "b", vec![new(1, "alert.9.2")]).await;
    let store = subject.store();
    let fresh = |now, limit| async move {
        let found = store.fresh(&system(), &tenant("a"), 1, now, limit).await;
        let found = found.expect("the store answers");
        found.iter().map(|one| one.id).collect::<Vec<u64>>()
    };
    // 4 follows what was tried; 1 to 3 were.
    assert_eq!(fresh(NOON, 10).await, [5, 6, 7]);
    assert_eq!(fresh(NOON, 2).await, [5, 6]);
    assert_eq!(fresh(NOON - 1, 10).await, [0; 0]);
    let gather = |ids: Vec<u64>, name: &'static str| async move {
        let (system, tenant) = (system(), tenant("a"));
        let gathered = store.gather(&system, &tenant, &ids, new(1, name), NOON + 2).await;
        gathered.expect("the store answers")
    };
    assert_eq!(gather(vec![5, 2], "digest.a.1").await, None, "2 was tried");
    assert_eq!(gather(vec![5, 99], "digest.b.1").await, None, "there is no 99");
    assert_eq!(fresh(NOON, 10).await, [5, 6, 7]);
    let digest = gather(vec![5, 6, 7], "digest.5.1").await.expect("it is one");
    assert_eq!((digest.state, digest.attempts), (DeliveryState::Waiting, 0));
    assert_eq!(
        gather(vec![5, 6, 7], "digest.5.2").await,
        None,
        "they are gathered"
    );
    subject.reopen().await;
    let kept = all(subject, "a").await;
    let of = |id: u64| kept.iter().find(|one| one.id == id).expect("it is kept");
    for id in [5, 6, 7] {
        assert_eq!(
            (of(id).state, of(id).done),
            (DeliveryState::Gathered, Some(NOON + 2))
        );
        assert!(of(id).words.contains(&digest.id.to_string()), "{}", of(id).words);
    }
    let claimed = claim(subject, "a", 1, NOON + 2).await;
    let claimed: Vec<u64> = claimed.iter().map(|claim| claim.delivery.id).collect();
    assert_eq!(
        claimed,
        [1, digest.id],
        "the one that is tried again, and the one for three"
    );
}

/// What was over long ago is forgotten, but never the newest, so that no number is given twice.
pub async fn old_deliveries_are_forgotten(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let wanted = ["alert.1.2", "alert.2.2", "alert.3.2"].map(|subject| new(1, subject));
    add(subject, "a", wanted.into()).await;
    for claim in claim(subject, "a", 1, NOON).await {
        assert!(
            record(
                subject,
                "a",
                &claim,
                ended(DeliveryState::Delivered, NOON + 1, "ok")
            )
            .await
        );
    }
    let forget = |before| {
        let system = system();
        let store = subject.store();
        async move { store.forget_deliveries(&system, before, 10).await }
    };
    assert_eq!(forget(NOON + 1).await.expect("the store answers"), 0);
    assert_eq!(forget(NOON + 2).await.expect("the store answers"), 2);
    assert_eq!(forget(NOON + 2).await.expect("the store answers"), 0);
    let left: Vec<u64> = all(subject, "a").await.iter().map(|one| one.id).collect();
    assert_eq!(left, [3]);
    assert_eq!(
        subject
            .store()
            .attempts(&scope("a"), 1)
            .await
            .expect("the store answers"),
        vec![]
    );
    add(subject, "a", vec![new(1, "alert.4.2")]).await;
    assert_eq!(all(subject, "a").await[0].id, 4);
}

/// What an alert that is over must still tell waits like everything else.
pub async fn an_end_is_told_after_its_beginning(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let raised = raise(subject, "a", 1).await;
    resolve(subject, "a", &raised).await;
    let untold = subject
        .store()
        .untold(&system(), 10)
        .await
        .expect("the outbox can be read");
    let events: Vec<u64> = untold.iter().map(|(_, row)| row.event).collect();
    assert_eq!(events.len(), 2);
    assert!(events.is_sorted());
}
