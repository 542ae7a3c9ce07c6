//! Reading the journal backwards: by offset, by event time, by what the zone map says, page by page.

use domain::breaker::BreakerKey;
use domain::event::{Call, CallOutcome};
use domain::{Event, EventBody, Millis, Outcome};

use super::samples::{DAY, NOON, batch, event, full_events, plain_call};
use super::{Subject, append, append_one, scope, system};
use crate::batches::{LOOKED_AT, MAX_AHEAD, MAX_LATE, PAGE_EVENTS};
use crate::codec::{GuardedCall, ZoneMap};
use crate::{BatchPage, BatchQuery, GuardedPage, Journal, NewBatch, Offset};

/// All there is.
fn everything() -> BatchQuery {
    BatchQuery {
        before: BatchQuery::NEWEST,
        from: 0,
        to: NOON + 365 * DAY,
        wanted: ZoneMap::default(),
        limit: 100,
    }
}

fn window(from: Millis, to: Millis) -> BatchQuery {
    BatchQuery {
        from,
        to,
        ..everything()
    }
}

/// A batch that arrives at `received` with one call per time.
fn calls(received: Millis, times: &[Millis]) -> NewBatch {
    NewBatch {
        events: times.iter().map(|time| event(None, *time)).collect(),
        ..batch("acme", received, &[])
    }
}

/// A batch with one call.
fn with_call(received: Millis, call: Call) -> NewBatch {
    let event = Event {
        id: None,
        time: received,
        reported: None,
        body: EventBody::Call(Box::new(call)),
    };
    NewBatch {
        events: vec![event],
        ..batch("acme", received, &[])
    }
}

async fn page(subject: &impl Subject, query: BatchQuery) -> BatchPage {
    let store = subject.store();
    let page = store.read_before(&scope("acme"), query).await;
    page.expect("it can be read")
}

/// The sequences of all pages.
async fn walk(subject: &impl Subject, mut query: BatchQuery) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let page = page(subject, query).await;
        found.extend(page.batches.iter().map(|batch| batch.offset.seq));
        match page.next {
            Some(next) => {
                assert!(next.before < query.before, "{next:?} after {query:?}");
                query.before = next.before;
            }
            None => return found,
        }
    }
}

/// Everything of a batch comes back, and the order is the sequence backwards.
pub async fn batches_come_newest_first(subject: &mut impl Subject) {
    assert_eq!(page(subject, everything()).await, BatchPage::default());
    for n in 0..3 {
        let events = full_events(NOON + n);
        append_one(
            subject,
            NewBatch {
                events,
                refusals: super::samples::refusals(),
                refused: 2,
                ..batch("acme", NOON + n, &[])
            },
        )
        .await;
    }
    let found = page(subject, everything()).await;
    let mut stored = super::read_all(subject).await;
    stored.reverse();
    assert_eq!(found.batches, stored);
    assert_eq!(found.next, None);
}

/// The next page begins where this one ended, and meets every batch once.
pub async fn a_page_stops_at_the_limit_and_tells_where_to_go_on(subject: &mut impl Subject) {
    for n in 0..5 {
        append_one(subject, calls(NOON + n, &[NOON + n])).await;
    }
    let few = BatchQuery {
        limit: 2,
        ..everything()
    };
    let first = page(subject, few).await;
    let next = first.next.expect("there is more");
    assert_eq!(next.before, first.batches[1].offset);
    assert_eq!(next.received, NOON + 3);
    for limit in [0, 1, 2, 3, 5, 6] {
        assert_eq!(
            walk(subject, BatchQuery { limit, ..few }).await,
            [5, 4, 3, 2, 1],
            "{limit}"
        );
    }
}

/// Batches may be large, so their number alone bounds nothing.
pub async fn a_page_stops_when_it_holds_many_events(subject: &mut impl Subject) {
    let half = vec![NOON; PAGE_EVENTS / 2];
    let batches = (0..5).map(|_| calls(NOON, &half)).collect();
    append(subject, batches).await;
    let first = page(subject, everything()).await;
    assert_eq!(first.batches.len(), 2);
    assert!(first.next.is_some());
    assert_eq!(walk(subject, everything()).await, [5, 4, 3, 2, 1]);
}

/// `before` is exclusive, and compares writers before sequences.
pub async fn reading_back_starts_before_the_offset(subject: &mut impl Subject) {
    let mut offsets = Vec::new();
    for n in 0..3 {
        offsets.push(append_one(subject, calls(NOON + n, &[NOON])).await.0);
    }
    let writer = offsets[0].writer;
    for (before, found) in [
        (offsets[2], &[2, 1][..]),
        (offsets[0], &[]),
        (Offset { writer, seq: 0 }, &[]),
        (
            Offset {
                writer,
                seq: u64::MAX,
            },
            &[3, 2, 1],
        ),
        (
            Offset {
                writer: writer - 1,
                seq: u64::MAX,
            },
            &[],
        ),
        (
            Offset {
                writer: writer + 1,
                seq: 0,
            },
            &[3, 2, 1],
        ),
    ] {
        let query = BatchQuery {
            before,
            ..everything()
        };
        assert_eq!(walk(subject, query).await, found, "{before:?}");
    }
}

/// By the time of events, not of arrival; a batch counts from its oldest event to its newest.
pub async fn the_window_is_half_open_over_event_time(subject: &mut impl Subject) {
    append_one(subject, calls(NOON + 500, &[NOON + 100, NOON + 200])).await;
    append_one(subject, calls(NOON + 500, &[NOON + 300])).await;
    append_one(subject, calls(NOON + 500, &[])).await;
    for (from, to, found) in [
        (NOON, NOON + 100, &[][..]),
        (NOON, NOON + 101, &[1]),
        (NOON + 150, NOON + 160, &[1]),
        (NOON + 200, NOON + 300, &[1]),
        (NOON + 201, NOON + 300, &[]),
        (NOON + 200, NOON + 301, &[2, 1]),
        (NOON + 300, NOON + 400, &[2]),
        // Without events it stands at its arrival.
        (NOON + 301, NOON + 600, &[3]),
    ] {
        assert_eq!(walk(subject, window(from, to)).await, found, "{from}..{to}");
    }
}

/// Nobody sees what others sent, and the pages do not show that it is there.
pub async fn batches_of_other_tenants_are_not_seen(subject: &mut impl Subject) {
    for slug in ["beta", "acme", "beta", "acme", "beta"] {
        append_one(subject, batch(slug, NOON, &[])).await;
    }
    assert_eq!(walk(subject, everything()).await, [4, 2]);
    let one = BatchQuery {
        limit: 1,
        ..everything()
    };
    assert_eq!(walk(subject, one).await, [4, 2]);
}

/// A batch that surely lacks something is not read at all. One that perhaps holds it is.
pub async fn zone_maps_skip_batches(subject: &mut impl Subject) {
    let failed = Call {
        provider: "openai".into(),
        breaker: Some("primary".into()),
        outcome: CallOutcome(Outcome::Timeout),
        ..plain_call()
    };
    append_one(subject, with_call(NOON, plain_call())).await;
    append_one(subject, with_call(NOON, failed)).await;
    let mut others = full_events(NOON);
    others.retain(|event| !matches!(event.body, EventBody::Call(_)));
    append_one(
        subject,
        NewBatch {
            events: others,
            ..batch("acme", NOON, &[])
        },
    )
    .await;
    for (wanted, found) in [
        (ZoneMap::default(), &[3, 2, 1][..]),
        (ZoneMap::calls(), &[2, 1]),
        (ZoneMap::calls().with(ZoneMap::provider("openai")), &[2]),
        (ZoneMap::provider("anthropic"), &[1]),
        (ZoneMap::outcome(Outcome::Timeout), &[2]),
        (ZoneMap::outcome(Outcome::Quota), &[]),
        (ZoneMap::breaker("primary"), &[2]),
        (
            ZoneMap::breaker("primary").with(ZoneMap::provider("anthropic")),
            &[],
        ),
    ] {
        let query = BatchQuery {
            wanted,
            ..everything()
        };
        assert_eq!(walk(subject, query).await, found, "{wanted:?}");
    }
}

/// The calls of one breaker come without the rest, the newest arrival first, page by page, inside the window only.
pub async fn guarded_calls_are_read_alone(subject: &mut impl Subject) {
    let mine = |instance: &str| Call {
        breaker: Some("primary".into()),
        service: Some("checkout".into()),
        instance: Some(instance.into()),
        ..plain_call()
    };
    let key = BreakerKey {
        environment: String::new(),
        service: "checkout".into(),
        breaker: "primary".into(),
        deployment: String::new(),
    };
    for received in NOON..NOON + 3 {
        let mut batch = calls(received, &[received, received + 10, received + 1_000]);
        for (event, call) in batch
            .events
            .iter_mut()
            .zip([mine("one"), mine("two"), mine("late")])
        {
            event.body = EventBody::Call(Box::new(call));
        }
        let another = Call {
            service: None,
            ..mine("other")
        };
        batch.events.extend(with_call(received, another).events);
        append_one(subject, batch).await;
        append_one(subject, calls(received, &[received])).await;
    }
    let mut query = BatchQuery {
        wanted: ZoneMap::calls().with(ZoneMap::breaker("primary")),
        limit: 2,
        ..window(NOON + 1, NOON + 1_000)
    };
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let page = subject.store().guarded_before(&scope("acme"), query, &key).await;
        let page = page.expect("it can be read");
        pages += 1;
        let call = |guarded: &GuardedCall| (guarded.call.at - NOON, guarded.instance.clone());
        found.extend(page.calls.iter().map(call));
        match page.next {
            Some(next) => query.before = next.before,
            None => break,
        }
    }
    let wanted = [(12, "two"), (2, "one"), (11, "two"), (1, "one"), (10, "two")];
    assert_eq!(found, wanted.map(|(at, instance)| (at, instance.to_owned())));
    assert_eq!(pages, 2);
    let others = subject
        .store()
        .guarded_before(&scope("other"), everything(), &key)
        .await;
    assert_eq!(others.expect("it can be read"), GuardedPage::default());
}

/// What happened before midnight may arrive after it, up to a week later; and a little of the future may have arrived.
pub async fn late_events_are_found_across_midnight(subject: &mut impl Subject) {
    let midnight = NOON + DAY / 2;
    append_one(subject, calls(midnight - 1, &[midnight - 1])).await;
    append_one(subject, calls(midnight + 5, &[midnight - 3, midnight + 4])).await;
    append_one(subject, calls(midnight + DAY, &[midnight + DAY])).await;
    append_one(
        subject,
        calls(midnight - 2 + MAX_LATE, &[midnight - 2, midnight + MAX_LATE - 3]),
    )
    .await;
    for reopened in [false, true] {
        if reopened {
            subject.reopen().await;
        }
        assert_eq!(walk(subject, window(midnight - 10, midnight)).await, [4, 2, 1]);
        assert_eq!(walk(subject, window(midnight, midnight + 10)).await, [4, 2]);
        assert_eq!(
            walk(subject, window(midnight + DAY, midnight + DAY + 1)).await,
            [4, 3]
        );
        assert_eq!(
            walk(
                subject,
                window(midnight + MAX_LATE - 3, midnight + MAX_LATE + DAY)
            )
            .await,
            [4]
        );
    }
    // The reported future counts at arrival today; the journal itself allows for what intake lets through.
    let early = midnight + 2 * MAX_LATE - 1;
    append_one(subject, calls(early, &[early + MAX_AHEAD])).await;
    append_one(subject, calls(early + DAY, &[early + DAY])).await;
    let ahead = window(early + MAX_AHEAD, early + MAX_AHEAD + 1);
    assert_eq!(walk(subject, ahead).await, [5]);
}

/// A clock that moves back, even over midnight, hides nothing: neither what arrived "earlier" nor what came before.
pub async fn a_clock_that_moves_back_hides_nothing(subject: &mut impl Subject) {
    for received in [NOON, NOON + DAY, NOON - 1, NOON + 1, NOON + DAY + 1] {
        append_one(subject, calls(received, &[received])).await;
    }
    for reopened in [false, true] {
        if reopened {
            subject.reopen().await;
        }
        assert_eq!(walk(subject, everything()).await, [5, 4, 3, 2, 1]);
        assert_eq!(walk(subject, window(NOON, NOON + 10)).await, [4, 1]);
        assert_eq!(walk(subject, window(NOON - 10, NOON)).await, [3]);
        assert_eq!(walk(subject, window(NOON + DAY, NOON + 2 * DAY)).await, [5, 2]);
    }
}

/// However little a walk finds, each page ends, and all pages together find it.
pub async fn a_sparse_walk_goes_on_page_by_page(subject: &mut impl Subject) {
    let rare = Call {
        provider: "mistral".into(),
        ..plain_call()
    };
    append_one(subject, with_call(NOON, rare.clone())).await;
    let many = usize::try_from(LOOKED_AT).expect("it is small") + 1_000;
    append(subject, vec![batch("acme", NOON, &[]); many]).await;
    let last = append_one(subject, with_call(NOON, rare)).await.0.seq;
    let query = BatchQuery {
        wanted: ZoneMap::provider("mistral"),
        ..everything()
    };
    assert_eq!(walk(subject, query).await, [last, 1]);
    assert_eq!(walk(subject, BatchQuery { limit: 1, ..query }).await, [last, 1]);
    assert_eq!(walk(subject, window(NOON + 1, NOON + 2)).await, [0; 0]);
}

/// What retention has dropped is no error, and neither is a place that was dropped.
pub async fn dropped_days_are_no_error(subject: &mut impl Subject) {
    for day in -3..=0 {
        let received = NOON + day * DAY;
        append_one(subject, calls(received, &[received])).await;
    }
    let store = subject.store();
    let dropped = store.retain(&system(), NOON - DAY, u64::MAX, NOON).await;
    assert!(dropped.expect("retention works") > 0);
    assert_eq!(walk(subject, everything()).await, [4, 3]);
    let writer = super::head(subject).await.writer;
    let query = BatchQuery {
        before: Offset { writer, seq: 2 },
        ..everything()
    };
    assert_eq!(page(subject, query).await, BatchPage::default());
}
