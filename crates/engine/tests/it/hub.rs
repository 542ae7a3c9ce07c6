//! What viewers are told, and when.

use std::time::Duration;

use crate::common::{House, Viewer, ok_call, scope, transition};
use engine::Out;
use protocol::Range;
use protocol::view::State;

#[tokio::test]
async fn a_transition_reaches_a_viewer_and_the_replica_equals_the_board() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer
        .until("the snapshot", |replica| replica.board().is_some())
        .await;
    house.push(&transition("claude-sonnet", "api-3", "open")).await;
    viewer
        .until("the open breaker", |replica| {
            replica
                .board()
                .is_some_and(|board| board.breakers.iter().any(|row| row.state == State::Open))
        })
        .await;
    let shown = viewer.replica.board().expect("a board").clone();
    let mut real = house.engine.board(&scope(), Range::M15);
    real.points = shown.points.clone();
    assert_eq!(shown, real);
    assert_eq!(shown.feed[0].cause, "24 × overloaded, of 50 calls");
}

#[tokio::test]
async fn a_range_is_changed_by_subscribing_again() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer.handle.subscribe("board", Range::H1).expect("a view");
    viewer
        .until("the hour", |replica| {
            replica.board().is_some_and(|board| board.range == Range::H1)
        })
        .await;
    let board = viewer.replica.board().expect("a board");
    assert_eq!(board.points.len(), 121, "an hour of 30 s steps and the open one");
}

#[tokio::test]
async fn the_detail_view_follows_its_breaker() {
    let house = House::new().await;
    house.push(&transition("claude-sonnet", "api-3", "closed")).await;
    let id = house.engine.board(&scope(), Range::M15).breakers[0].id.clone();
    let mut viewer = Viewer::attach(&house);
    viewer
        .handle
        .subscribe(&format!("breaker:{id}"), Range::M15)
        .expect("a view");
    viewer
        .until("the detail", |replica| replica.breaker(&id).flatten().is_some())
        .await;
    house.clock.advance(1_000);
    let failing = r#"{"type":"call","provider":"anthropic","model":"m","service":"chat","breaker":"claude-sonnet","instance":"api-3","outcome":"overloaded","duration_ms":9,"status":529}"#;
    house.push(failing).await;
    house.push(&transition("claude-sonnet", "api-3", "open")).await;
    viewer
        .until("the trip", |replica| {
            replica
                .breaker(&id)
                .flatten()
                .is_some_and(|detail| detail.trip.is_some())
        })
        .await;
    let detail = viewer.replica.breaker(&id).flatten().expect("a detail");
    let trip = detail.trip.as_ref().expect("a trip");
    assert_eq!(trip.calls.len(), 1);
    assert_eq!(trip.calls[0].status, Some(529));
    assert_eq!(detail.transitions.len(), 2);
}

#[tokio::test]
async fn a_beat_comes_every_second_even_when_nothing_happens() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("connect", Range::M15).expect("a view");
    viewer
        .until("the snapshot", |replica| replica.connect().is_some())
        .await;
    let before = viewer.replica.seq("connect").expect("a number");
    house.clock.advance(1_000);
    viewer
        .until("a beat", |replica| {
            replica.seq("connect").is_some_and(|seq| seq > before)
        })
        .await;
}

#[tokio::test]
async fn a_slow_viewer_is_resynced_and_another_is_not_slowed() {
    let house = House::new().await;
    let mut quick = Viewer::attach(&house);
    let mut slow = Viewer::attach(&house);
    for viewer in [&quick, &slow] {
        viewer.handle.subscribe("board", Range::M15).expect("a view");
    }
    quick
        .until("the snapshot", |replica| replica.board().is_some())
        .await;
    // The slow one takes nothing while more than a queueful of transitions is told.
    for round in 0..90 {
        let to = if round % 2 == 0 { "open" } else { "closed" };
        house.clock.advance(10);
        house.push(&transition("claude-sonnet", "api-3", to)).await;
        let expected = round + 1;
        quick
            .until("each transition", |replica| {
                replica
                    .board()
                    .is_some_and(|board| board.feed.first().is_some_and(|newest| newest.id == expected))
            })
            .await;
    }
    slow.until("the newest state, through a resync", |replica| {
        replica
            .board()
            .is_some_and(|board| board.feed.first().is_some_and(|newest| newest.id == 90))
    })
    .await;
    let resyncs = house
        .engine
        .metrics()
        .families()
        .iter()
        .find(|f| f.name == "fuseboard_resyncs")
        .map(|f| f.value);
    assert_eq!(resyncs, Some(1.0));
}

#[tokio::test]
async fn a_paused_viewer_hears_nothing_and_gets_a_snapshot_when_it_resumes() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer
        .until("the snapshot", |replica| replica.board().is_some())
        .await;
    viewer.handle.pause(true);
    tokio::time::sleep(Duration::from_millis(50)).await;
    house.push(&ok_call("openai", 5)).await;
    let quiet = tokio::time::timeout(Duration::from_millis(300), viewer.outbox.next()).await;
    assert!(quiet.is_err(), "a paused viewer gets no frame");
    viewer.handle.pause(false);
    viewer
        .until("the event", |replica| {
            replica.board().is_some_and(|board| board.last_event.is_some())
        })
        .await;
}

#[tokio::test]
async fn unknown_views_and_too_many_views_are_refused_in_words() {
    let house = House::new().await;
    let viewer = Viewer::attach(&house);
    assert_eq!(
        viewer
            .handle
            .subscribe("nonsense", Range::M15)
            .expect_err("no such view")
            .code,
        "unknown_view"
    );
    for n in 0..8 {
        viewer
            .handle
            .subscribe(&format!("breaker:b_{n:016x}"), Range::M15)
            .expect("a view");
    }
    let error = viewer
        .handle
        .subscribe("board", Range::M15)
        .expect_err("one too many");
    assert_eq!(error.code, "too_many_views");
}

#[tokio::test]
async fn goodbye_ends_the_outbox_with_1001() {
    let house = House::new().await;
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer
        .until("the snapshot", |replica| replica.board().is_some())
        .await;
    house.engine.bye(500);
    let closed = tokio::time::timeout(Duration::from_secs(2), async {
        loop {
            if let Out::Close { code, .. } = viewer.outbox.next().await {
                return code;
            }
        }
    });
    assert_eq!(closed.await.expect("a close"), 1001);
}
