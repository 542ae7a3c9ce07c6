//! Ladders follow what happens to their alerts.

use domain::alert::{Command, Moved, step};

use super::alerts::{raise, who, write};
use super::channels::channel;
use super::samples::NOON;
use super::{Subject, is_conflict, scope, system, tenant};
use crate::{AlertWrite, Alerts, Deliveries, DeliveryQuery, Duties, Ladder, NewDelivery, StoredAlert};

const MINUTE: i64 = 60_000;

async fn ladder(subject: &impl Subject, slug: &str, alert: u64) -> Option<Ladder> {
    let found = subject.store().ladder(&scope(slug), alert).await;
    found.expect("it can be read")
}

async fn due(subject: &impl Subject, now: i64) -> Vec<(String, u64)> {
    let found = subject.store().due_ladders(&system(), now, 10).await;
    let found = found.expect("they can be read").into_iter();
    found
        .map(|(tenant, ladder)| (tenant.to_string(), ladder.alert))
        .collect()
}

async fn happen(subject: &impl Subject, stored: &StoredAlert, command: Command, at: i64) -> StoredAlert {
    let moved = step(&stored.alert, command, at).expect("it can happen");
    let writes = vec![AlertWrite {
        known: Some((stored.id, stored.version)),
        moved,
    }];
    write(subject, "a", writes)
        .await
        .expect("it is written")
        .remove(0)
}

/// It begins with what is told, ends when somebody has the alert, begins anew when that has run out, and ends with it.
pub async fn a_ladder_follows_its_alert(subject: &mut impl Subject) {
    let stored = raise(subject, "a", 7).await;
    subject.reopen().await;
    let begun = ladder(subject, "a", stored.id)
        .await
        .expect("somebody is waited for");
    assert_eq!((begun.began, begun.next, begun.due), (NOON, 0, Some(NOON)));
    assert_eq!(ladder(subject, "b", stored.id).await, None, "another tenant's");
    assert!(due(subject, NOON - 1).await.is_empty());
    assert_eq!(due(subject, NOON).await, [("a".to_owned(), stored.id)]);

    let comment = Command::Comment {
        by: who("ada"),
        text: "looking".into(),
    };
    let stored = happen(subject, &stored, comment, NOON + 1).await;
    assert_eq!(
        ladder(subject, "a", stored.id).await,
        Some(begun),
        "words change nothing"
    );
    let until = NOON + 10 * MINUTE;
    let ack = Command::Acknowledge {
        by: who("ada"),
        note: String::new(),
        until: Some(until),
        take_over: false,
    };
    let stored = happen(subject, &stored, ack, NOON + 2).await;
    assert_eq!(ladder(subject, "a", stored.id).await, None, "somebody has it");
    let stored = happen(subject, &stored, Command::Tend, until).await;
    let again = ladder(subject, "a", stored.id).await.expect("it ran out");
    assert_eq!((again.began, again.next), (until, 0));
    assert!(again.event > begun.event);
    let snooze = Command::Snooze {
        by: who("bob"),
        until: until + MINUTE,
    };
    let stored = happen(subject, &stored, snooze, until + 1).await;
    assert_eq!(ladder(subject, "a", stored.id).await, None, "put off");
    let stored = happen(subject, &stored, Command::Tend, until + MINUTE).await;
    assert!(ladder(subject, "a", stored.id).await.is_some());
    let resolve = Command::Resolve {
        by: None,
        why: "good again".into(),
    };
    happen(subject, &stored, resolve, until + 2 * MINUTE).await;
    assert_eq!(ladder(subject, "a", stored.id).await, None, "over");
}

fn told(stored: &StoredAlert, at: i64) -> (AlertWrite, Vec<NewDelivery>) {
    let command = Command::Escalate {
        words: "step 1".into(),
    };
    let moved: Moved = step(&stored.alert, command, at).expect("it can happen");
    let write = AlertWrite {
        known: Some((stored.id, stored.version)),
        moved,
    };
    let delivery = NewDelivery {
        channel: 1,
        subject: "alert.1.2.e1".into(),
        topic: "alert.1".into(),
        body: "{}".into(),
        created: at,
        due: at,
    };
    (write, vec![delivery])
}

/// The ladder moves, the timeline says so and the deliveries are there, or nothing of all that.
pub async fn a_step_is_told_once(subject: &mut impl Subject) {
    channel(subject, "a", "ops").await;
    let stored = raise(subject, "a", 7).await;
    let begun = ladder(subject, "a", stored.id)
        .await
        .expect("somebody is waited for");
    let climb = |known, next, told| {
        let (system, tenant) = (system(), tenant("a"));
        let store = subject.store();
        async move { store.climb(&system, &tenant, known, next, told).await }
    };
    // Found out which ladder it is: nothing is told yet.
    let planned = (1, Some(NOON + MINUTE));
    assert_eq!(
        climb(begun, planned, None).await.expect("the store answers"),
        Some(None)
    );
    assert_eq!(
        climb(begun, planned, None).await.expect("the store answers"),
        None,
        "it has moved"
    );
    let first = ladder(subject, "a", stored.id).await.expect("it stands");
    assert_eq!((first.next, first.due), (1, Some(NOON + MINUTE)));

    let at = NOON + MINUTE;
    let next = (2, None);
    let written = climb(first, next, Some(told(&stored, at)))
        .await
        .expect("the store answers");
    let written = written.flatten().expect("it is written");
    assert_eq!(written.version, stored.version + 1);
    let late = climb(first, next, Some(told(&written, at))).await;
    assert_eq!(late.expect("the store answers"), None, "told already");
    is_conflict(
        climb(
            ladder(subject, "a", stored.id).await.expect("it stands"),
            next,
            Some(told(&stored, at)),
        )
        .await,
    );
    let query = DeliveryQuery {
        limit: 10,
        ..DeliveryQuery::default()
    };
    let deliveries = subject.store().deliveries(&scope("a"), query).await;
    assert_eq!(deliveries.expect("they can be read").len(), 1);
    let events = subject.store().alert_events(&scope("a"), stored.id).await;
    let events = events.expect("they can be read");
    let escalated = events
        .iter()
        .filter(|stored| stored.event.kind.as_str() == "escalated");
    assert_eq!(escalated.count(), 1);
    assert!(
        due(subject, NOON + 100 * MINUTE).await.is_empty(),
        "the last step is told"
    );
}
