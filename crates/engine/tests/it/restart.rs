//! A restart shows what was shown before, whether the process stopped cleanly or was killed.

use crate::common::{House, START, ok_call, scope, transition};
use domain::rollup::{Bucket, Rung};
use protocol::Range;
use store::LiveStore;

async fn fill(house: &House) {
    for second in 0..30 {
        let calls: Vec<String> = (0..20)
            .map(|n| ok_call("openai", 100 + 10 * n + second))
            .collect();
        house.push(&format!("[{}]", calls.join(","))).await;
        house.clock.advance(1_000);
    }
    house.push(&transition("claude-sonnet", "api-3", "open")).await;
    house.push(&transition("claude-sonnet", "api-5", "closed")).await;
    house.clock.advance(1_000);
}

#[tokio::test]
async fn a_crash_before_the_first_flush_loses_nothing() {
    let house = House::new().await;
    fill(&house).await;
    let before = house.engine.board(&scope(), Range::M15);
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    assert_eq!(house.engine.board(&scope(), Range::M15), before);
}

#[tokio::test]
async fn a_clean_stop_and_start_show_the_same_board_for_every_range() {
    let house = House::new().await;
    fill(&house).await;
    let before = Range::ALL.map(|range| house.engine.board(&scope(), range));
    let detail = house.engine.breaker(&scope(), &before[0].breakers[0].id);
    let connect = house.engine.connect(&scope());
    let (store, clock) = house.stop().await;
    let house = House::on(store, clock).await;
    for (range, before) in Range::ALL.into_iter().zip(before) {
        assert_eq!(house.engine.board(&scope(), range), before, "{}", range.as_str());
    }
    let id = &house.engine.board(&scope(), Range::M5).breakers[0].id;
    assert_eq!(house.engine.breaker(&scope(), id), detail);
    assert_eq!(
        house.engine.connect(&scope()).sources[0].events_1h,
        connect.sources[0].events_1h
    );
}

#[tokio::test]
async fn events_after_the_flush_are_replayed_and_counted_once() {
    let house = House::new().await;
    fill(&house).await;
    assert!(house.engine.close().await);
    fill(&house).await;
    let before = house.engine.board(&scope(), Range::H1);
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    assert_eq!(house.engine.board(&scope(), Range::H1), before);
    // What the store holds after one more flush is what was sent, once.
    let (store, _) = house.stop().await;
    let rows = store
        .partials(&scope(), Rung::TenSeconds, START - 100_000, START + 1_000_000)
        .await
        .expect("partials");
    let mut total = Bucket::default();
    for row in rows {
        total.merge(&row.stats);
    }
    assert_eq!(total.requests(), 2 * 30 * 20);
    assert_eq!(total.output_tokens, 2 * 30 * 20 * 10);
}

#[tokio::test]
async fn repeats_are_told_and_not_counted_even_after_a_restart() {
    let house = House::new().await;
    let body = r#"{"type":"call","id":"e-1","provider":"openai","model":"m","outcome":"ok","duration_ms":5}"#;
    assert_eq!(house.push(body).await.accepted, 1);
    assert_eq!(house.push(body).await.duplicates, 1);
    let keyed = crate::common::request(&ok_call("openai", 5), Some("k-1"));
    let first = house
        .engine
        .ingest(&scope(), keyed.clone())
        .await
        .expect("accepted");
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    assert_eq!(house.push(body).await.duplicates, 1);
    let again = house.engine.ingest(&scope(), keyed).await.expect("replayed");
    assert!(again.replayed && again.accepted == first.accepted);
    house.clock.advance(1_000);
    let requests = house.engine.board(&scope(), Range::M5).kpis[0]
        .value
        .expect("there are requests");
    assert!(
        (requests - 2.0).abs() < 1e-9,
        "two calls in the one second there was, got {requests}/s"
    );
}
