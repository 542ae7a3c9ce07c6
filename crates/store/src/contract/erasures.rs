//! Erasing: what is taken is found nowhere, and everything else is as it was.

use domain::erasure::Selection;
use domain::event::Call;
use domain::{Event, EventBody};

use super::alerts::raised;
use super::channels::channel;
use super::corrections::make;
use super::deliveries::{add, all, claim, ended, new, record};
use super::samples::{NOON, batch, flush, full_bucket, full_events, plain_call, transition};
use super::{Subject, append_one, is_conflict, read_all, scope, system, tenant};
use crate::codec::ZoneMap;
use crate::{
    AlertWrite, Alerts, BatchQuery, Checkpoint, CorrectionKind, Deliveries, DeliveryState, ErasedRows,
    Erasures, Flush, Journal, Keyframe, LiveErased, LiveStore, NewBatch, Offset, PartialRow, Rollups,
    SecondRow, TransitionQuery,
};

const START: Offset = Offset { writer: 0, seq: 0 };

fn of_user(user: &str) -> Selection {
    Selection {
        label: Some(("user".into(), user.into())),
        ..Selection::default()
    }
}

fn of_service(service: &str) -> Selection {
    Selection {
        service: Some(service.into()),
        ..Selection::default()
    }
}

fn call(user: &str, time: i64) -> Event {
    Event {
        id: Some(format!("{user}-{time}")),
        time,
        reported: None,
        body: EventBody::Call(Box::new(Call {
            labels: vec![("user".into(), user.into())],
            ..plain_call()
        })),
    }
}

fn calls(slug: &str, received: i64, users: &[&str]) -> NewBatch {
    NewBatch {
        events: users.iter().map(|user| call(user, received)).collect(),
        ..batch(slug, received, &[])
    }
}

async fn erase(subject: &impl Subject, slug: &str, selection: &Selection, dry: bool) -> u64 {
    let (mut after, mut events) = (START, 0);
    loop {
        let page = subject
            .store()
            .erase_events(&system(), &tenant(slug), selection, after, dry)
            .await
            .expect("events can be erased");
        events += page.events;
        match page.next {
            Some(next) => {
                assert!(next > after, "a walk goes on");
                after = next;
            }
            None => return events,
        }
    }
}

/// From every batch it is in, on more than one day, among others in a batch and alone; also after reopening and cleaning.
pub async fn erased_events_are_gone(subject: &mut impl Subject) {
    const DAY: i64 = 86_400_000;
    append_one(subject, calls("acme", NOON, &["anna", "bert"])).await;
    append_one(subject, calls("acme", NOON + 1, &["anna"])).await;
    append_one(subject, calls("other", NOON + 2, &["anna"])).await;
    append_one(subject, calls("acme", NOON + DAY, &["bert"])).await;
    append_one(subject, calls("acme", NOON + 2 * DAY, &["bert", "anna"])).await;
    let before = read_all(subject).await;
    assert_eq!(erase(subject, "acme", &of_user("anna"), true).await, 3);
    assert_eq!(read_all(subject).await, before, "a dry one changes nothing");
    assert_eq!(erase(subject, "acme", &of_user("anna"), false).await, 3);
    assert_eq!(erase(subject, "acme", &of_user("anna"), false).await, 0, "once");
    subject.store().clean(&system()).await.expect("it can be cleaned");
    subject.reopen().await;
    let mut wanted = before;
    for batch in wanted.iter_mut().filter(|batch| batch.tenant == tenant("acme")) {
        let taken = batch.events.len();
        batch.events.retain(|event| !of_user("anna").takes_event(event));
        if batch.events.len() < taken {
            batch.refusals.clear();
        }
    }
    assert_eq!(read_all(subject).await, wanted, "each batch in its place");
    let (offset, ..) = append_one(subject, calls("acme", NOON + 2 * DAY + 1, &["anna"])).await;
    assert_eq!(offset.seq, 6, "the sequence goes on");
}

/// A range of time takes part of a batch, of every kind of event, and what is left is still found.
pub async fn a_range_takes_events_of_every_kind(subject: &mut impl Subject) {
    let mut events = full_events(NOON);
    for (n, event) in events.iter_mut().enumerate() {
        event.id = None;
        event.time = NOON + n as i64;
    }
    let count = events.len() as u64;
    let sent = NewBatch {
        events,
        ..batch("acme", NOON + 100, &[])
    };
    append_one(subject, sent).await;
    let range = Selection {
        from: Some(NOON + 1),
        ..Selection::default()
    };
    assert_eq!(erase(subject, "acme", &range, false).await, count - 1);
    let query = BatchQuery {
        before: BatchQuery::NEWEST,
        from: NOON,
        to: NOON + 1,
        wanted: ZoneMap::calls(),
        limit: 10,
    };
    let page = subject
        .store()
        .read_before(&scope("acme"), query)
        .await
        .expect("readable");
    assert_eq!(
        page.batches.len(),
        1,
        "its times and its map are those of what is left"
    );
    assert_eq!(page.batches[0].events.len(), 1);
    let later = BatchQuery {
        from: NOON + 1,
        to: NOON + 200,
        ..query
    };
    let page = subject
        .store()
        .read_before(&scope("acme"), later)
        .await
        .expect("readable");
    assert_eq!(page.batches, [], "and nothing says that there was more");
}

/// A walk over more batches than one page holds meets each of them.
pub async fn an_erasure_walks_page_by_page(subject: &mut impl Subject) {
    let batches = (0..600).map(|n| calls("acme", NOON + n, &[if n % 3 == 0 { "anna" } else { "bert" }]));
    super::append(subject, batches.collect()).await;
    assert_eq!(erase(subject, "acme", &of_user("anna"), true).await, 200);
    assert_eq!(erase(subject, "acme", &of_user("anna"), false).await, 200);
    assert_eq!(erase(subject, "acme", &of_user("bert"), false).await, 400);
}

fn partial_of(service: &str) -> PartialRow {
    let mut row = super::samples::partial(NOON, "m");
    row.series.service = service.into();
    row
}

fn flushed() -> Flush {
    let mut mine = transition("acme", 1, NOON, "a");
    mine.key.service = "secret".into();
    let mut others = transition("acme", 2, NOON + 5, "b");
    others.key.service = "kept".into();
    Flush {
        transitions: vec![mine, others],
        seconds: vec![SecondRow {
            at: NOON,
            stats: full_bucket(),
        }],
        ..flush("acme", 0, 1)
    }
}

fn replacement(applied: u64) -> LiveErased {
    LiveErased {
        checkpoint: Some(Checkpoint {
            writer: 1,
            applied,
            bytes: b"without".to_vec(),
        }),
        seconds: vec![SecondRow {
            at: NOON + 1_000,
            stats: full_bucket(),
        }],
    }
}

fn nothing_live() -> LiveErased {
    LiveErased {
        checkpoint: None,
        seconds: Vec::new(),
    }
}

async fn rows(subject: &impl Subject, selection: &Selection, live: Option<LiveErased>) -> ErasedRows {
    let erased = subject
        .store()
        .erase_rows(&system(), &tenant("acme"), selection, live)
        .await;
    erased.expect("rows can be erased")
}

/// Together with live state, or not at all.
pub async fn erased_rows_go_with_live_state(subject: &mut impl Subject) {
    let store = subject.store();
    store.flush(&system(), flushed()).await.expect("flushed");
    let dry = rows(subject, &of_service("secret"), None).await;
    assert_eq!(dry.transitions, 1);
    let late = subject
        .store()
        .erase_rows(
            &system(),
            &tenant("acme"),
            &of_service("secret"),
            Some(replacement(9)),
        )
        .await;
    is_conflict(late);
    let all = TransitionQuery {
        limit: 10,
        ..TransitionQuery::default()
    };
    let there = subject.store().transitions(&scope("acme"), all.clone()).await;
    assert_eq!(there.expect("readable").len(), 2, "nothing has happened yet");
    let erased = rows(subject, &of_service("secret"), Some(replacement(1))).await;
    assert_eq!(erased.transitions, 1);
    subject.store().clean(&system()).await.expect("it can be cleaned");
    subject.reopen().await;
    let there = subject
        .store()
        .transitions(&scope("acme"), all)
        .await
        .expect("readable");
    let ids: Vec<u64> = there.iter().map(|row| row.id).collect();
    assert_eq!(ids, [2]);
    let live = replacement(1);
    let checkpoint = subject.store().checkpoint(&system(), &tenant("acme")).await;
    assert_eq!(checkpoint.expect("readable"), live.checkpoint);
    let seconds = subject.store().seconds(&system(), &tenant("acme")).await;
    assert_eq!(seconds.expect("readable"), live.seconds);
    let next = Flush {
        transitions: Vec::new(),
        ..flush("acme", 1, 2)
    };
    subject
        .store()
        .flush(&system(), next)
        .await
        .expect("the next one follows");
}

/// A series that is gone gets a name again when it comes again, and what no chunk has keeps its own.
pub async fn names_of_series_go_when_nothing_needs_them(subject: &mut impl Subject) {
    let first = Flush {
        partials: vec![partial_of("secret"), partial_of("kept")],
        ..flush("acme", 0, 1)
    };
    subject.store().flush(&system(), first).await.expect("flushed");
    rows(subject, &of_service("secret"), Some(replacement(1))).await;
    let there = subject.store().uncompacted(&system(), &tenant("acme")).await;
    assert_eq!(
        there.expect("readable").len(),
        2,
        "a partial without a name would be lost"
    );
    let compaction = crate::Compaction {
        tenant: tenant("acme"),
        through: 1,
        chunks: Vec::new(),
    };
    subject
        .store()
        .compact(&system(), compaction)
        .await
        .expect("compacted");
    rows(subject, &of_service("secret"), Some(replacement(1))).await;
    let next = Flush {
        partials: vec![partial_of("kept"), partial_of("secret")],
        ..flush("acme", 1, 2)
    };
    subject.store().flush(&system(), next).await.expect("flushed");
    let there = subject
        .store()
        .uncompacted(&system(), &tenant("acme"))
        .await
        .expect("readable");
    let mut services: Vec<&str> = there.iter().map(|row| row.series.service.as_str()).collect();
    services.sort_unstable();
    assert_eq!(services, ["kept", "secret"]);
}

/// By what they are known by and when they fired, with all that happened to them.
pub async fn alerts_are_erased_by_their_labels(subject: &mut impl Subject) {
    subject
        .store()
        .flush(&system(), flush("acme", 0, 1))
        .await
        .expect("flushed");
    let writes = [1, 2].map(|n| AlertWrite {
        known: None,
        moved: raised(1, n, NOON + n as i64),
    });
    let raised = subject
        .store()
        .write_alerts(&system(), &tenant("acme"), writes.into())
        .await;
    assert_eq!(raised.expect("raised").len(), 2);
    let selection = Selection {
        label: Some(("provider".into(), "anthropic".into())),
        to: Some(NOON + 2),
        ..Selection::default()
    };
    assert_eq!(rows(subject, &selection, None).await.alerts, 1);
    assert_eq!(rows(subject, &of_user("anthropic"), None).await.alerts, 0);
    assert_eq!(rows(subject, &selection, Some(replacement(1))).await.alerts, 1);
    let store = subject.store();
    assert_eq!(store.alert(&scope("acme"), 1).await.expect("readable"), None);
    assert_eq!(store.alert_events(&scope("acme"), 1).await.expect("readable"), []);
    assert!(store.alert(&scope("acme"), 2).await.expect("readable").is_some());
    let outbox = store
        .outbox(&system(), &tenant("acme"), (0, 0), 10)
        .await
        .expect("readable");
    assert!(outbox.iter().all(|row| row.alert == 2), "{outbox:?}");
}

/// Of a tenant that never sent anything, which has no live state as it is stored.
pub async fn alerts_are_erased_without_a_checkpoint(subject: &mut impl Subject) {
    let write = AlertWrite {
        known: None,
        moved: raised(1, 1, NOON),
    };
    let raised = subject
        .store()
        .write_alerts(&system(), &tenant("acme"), vec![write])
        .await;
    assert_eq!(raised.expect("raised").len(), 1);
    let erased = rows(subject, &Selection::default(), Some(nothing_live())).await;
    assert_eq!(erased.alerts, 1);
    let there = subject.store().alert(&scope("acme"), 1).await;
    assert_eq!(there.expect("readable"), None);
}

/// A number names an alert or a message outside too, and is given once whatever is erased.
pub async fn numbers_of_what_is_erased_are_not_given_again(subject: &mut impl Subject) {
    channel(subject, "acme", "ops").await;
    let write = |n: u64| AlertWrite {
        known: None,
        moved: raised(1, n, NOON + n as i64),
    };
    let written = super::alerts::write(subject, "acme", vec![write(1), write(2)]).await;
    assert_eq!(written.expect("raised").len(), 2);
    let told = ["alert.1.1", "alert.2.1"].map(|subject| new(1, subject));
    assert_eq!(add(subject, "acme", told.into()).await, 2);
    let made = make(subject, "acme", CorrectionKind::Erase, "{}").await;
    made.expect("it is asked for");
    let newest = Selection {
        from: Some(NOON + 2),
        ..Selection::default()
    };
    let erased = rows(subject, &newest, Some(nothing_live())).await;
    assert_eq!((erased.alerts, erased.deliveries), (1, 1));
    subject.reopen().await;
    let written = super::alerts::write(subject, "acme", vec![write(3)]).await;
    let ids: Vec<u64> = written.expect("raised").iter().map(|one| one.id).collect();
    assert_eq!(ids, [3]);
    assert_eq!(add(subject, "acme", vec![new(1, "alert.3.1")]).await, 1);
    let ids: Vec<u64> = states(subject).await.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [1, 3]);
}

/// A message about many alerts goes with each of them. As long as it was not told the others are told by themselves then.
pub async fn a_message_about_many_goes_with_each_of_them(subject: &mut impl Subject) {
    channel(subject, "acme", "ops").await;
    let writes = [1, 2, 3, 4].map(|n| AlertWrite {
        known: None,
        moved: raised(1, n, NOON + n as i64),
    });
    let written = super::alerts::write(subject, "acme", writes.into()).await;
    assert_eq!(written.expect("raised").len(), 4);
    let told = ["alert.1.1", "alert.2.1", "alert.3.1", "alert.4.1"].map(|subject| new(1, subject));
    assert_eq!(add(subject, "acme", told.into()).await, 4);
    for (ids, name) in [([1, 2], "digest.1.1"), ([3, 4], "digest.3.1")] {
        let gathered = subject
            .store()
            .gather(&system(), &tenant("acme"), &ids, new(1, name), NOON)
            .await;
        assert!(gathered.expect("stored").is_some(), "{name}");
    }
    let fired = |n: i64| Selection {
        from: Some(NOON + n),
        to: Some(NOON + n + 1),
        ..Selection::default()
    };
    assert_eq!(rows(subject, &fired(2), None).await.deliveries, 2);
    let erased = rows(subject, &fired(2), Some(nothing_live())).await;
    assert_eq!((erased.alerts, erased.deliveries), (1, 2));
    let (waiting, gathered) = (DeliveryState::Waiting, DeliveryState::Gathered);
    assert_eq!(
        states(subject).await,
        [(1, waiting), (3, gathered), (4, gathered), (6, waiting)]
    );
    let claimed = claim(subject, "acme", 1, NOON).await;
    let digest = claimed.iter().find(|claim| claim.delivery.id == 6);
    let delivered = ended(DeliveryState::Delivered, NOON, "ok");
    assert!(record(subject, "acme", digest.expect("it is due"), delivered).await);
    let erased = rows(subject, &fired(3), Some(nothing_live())).await;
    assert_eq!((erased.alerts, erased.deliveries), (1, 2));
    assert_eq!(states(subject).await, [(1, waiting), (4, gathered)], "4 was told");
}

/// All messages there are, by number.
async fn states(subject: &impl Subject) -> Vec<(u64, DeliveryState)> {
    let kept = all(subject, "acme").await;
    let mut states: Vec<(u64, DeliveryState)> = kept.iter().map(|one| (one.id, one.state)).collect();
    states.sort_unstable_by_key(|(id, _)| *id);
    states
}

/// In its place; one that was dropped meanwhile does not come back.
pub async fn a_keyframe_is_replaced(subject: &mut impl Subject) {
    let keyframe = |at, bytes: &[u8]| Keyframe {
        at,
        checkpoint: Checkpoint {
            writer: 1,
            applied: 3,
            bytes: bytes.to_vec(),
        },
    };
    for at in [NOON, NOON + 5] {
        let kept = subject
            .store()
            .keep_keyframe(&system(), &tenant("acme"), keyframe(at, b"before"))
            .await;
        kept.expect("kept");
    }
    for at in [NOON + 5, NOON + 7] {
        let replaced = subject
            .store()
            .replace_keyframe(&system(), &tenant("acme"), keyframe(at, b"after"))
            .await;
        replaced.expect("replaced");
    }
    let times = subject.store().keyframe_times(&system(), &tenant("acme")).await;
    assert_eq!(times.expect("readable"), [NOON, NOON + 5]);
    let newest = subject.store().keyframe(&scope("acme"), NOON + 9).await;
    assert_eq!(newest.expect("readable"), Some(keyframe(NOON + 5, b"after")));
    let others = subject.store().keyframe_times(&system(), &tenant("other")).await;
    assert_eq!(others.expect("readable"), [0i64; 0]);
}
