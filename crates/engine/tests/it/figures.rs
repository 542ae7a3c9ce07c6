//! The board's figures, against numbers worked out by hand.

use crate::common::{House, ok_call, scope};
use protocol::Range;
use protocol::view::{Board, Kpi, KpiId, Level};

fn kpi(board: &Board, id: KpiId) -> &Kpi {
    board
        .kpis
        .iter()
        .find(|kpi| kpi.id == id)
        .expect("all six are there")
}

fn close(got: Option<f64>, want: f64, share: f64) -> bool {
    got.is_some_and(|got| (got - want).abs() <= want.abs() * share)
}

#[tokio::test]
async fn an_empty_board_has_no_figures_and_says_that_it_waits() {
    let house = House::new().await;
    let board = house.engine.board(&scope(), Range::M15);
    assert!(
        board
            .kpis
            .iter()
            .all(|kpi| kpi.value.is_none() && kpi.level == Level::Unknown)
    );
    assert_eq!(board.verdict.lead, "Waiting for the first event.");
    assert!(board.last_event.is_none() && board.providers.is_empty());
}

#[tokio::test]
async fn rates_ratios_and_quantiles_over_the_range() {
    let house = House::new().await;
    // 300 requests: 297 answered (3 of them by a fallback), 3 not. Latencies 1…297 ms.
    for n in 1..=297u32 {
        house.push(&ok_call("openai", n)).await;
    }
    for _ in 0..6 {
        house.push(r#"{"type":"call","provider":"anthropic","model":"c","outcome":"overloaded","duration_ms":50}"#).await;
    }
    for _ in 0..3 {
        house.push(
            r#"{"type":"call","provider":"openai","model":"m","outcome":"ok","duration_ms":10,"fallback_from":{"provider":"anthropic"},"output_tokens":10,"cost_usd":0.001}"#,
        )
        .await;
    }
    house.clock.advance(1_000);
    let board = house.engine.board(&scope(), Range::M5);
    // One second has passed since the first event: no more than that counts.
    assert!(close(kpi(&board, KpiId::Requests).value, 303.0, 1e-9));
    assert!(close(kpi(&board, KpiId::Success).value, 300.0 / 303.0, 1e-9));
    assert!(close(kpi(&board, KpiId::TokensOut).value, 3_000.0, 1e-9));
    assert!(close(kpi(&board, KpiId::SpendToday).value, 0.3, 1e-9));
    // 300 answers: 1…297 and three of 10; the 95th percentile is 282 or so, within one percent.
    assert!(
        close(kpi(&board, KpiId::LatencyP95).value, 282.0, 0.015),
        "{:?}",
        kpi(&board, KpiId::LatencyP95).value
    );
    assert_eq!(kpi(&board, KpiId::TtftP95).value, None, "nothing streamed");
    assert_eq!(kpi(&board, KpiId::Success).level, Level::Attention);
    assert_eq!(
        kpi(&board, KpiId::Requests).change,
        None,
        "there is no hour before"
    );
    let sentence = format!("{} {}", board.verdict.lead, board.verdict.rest);
    assert!(sentence.contains("99.0% success"), "{sentence}");

    let openai = board
        .providers
        .iter()
        .find(|row| row.name == "openai")
        .expect("a rail");
    assert_eq!(openai.success, Some(1.0));
    assert!(close(openai.cost_per_call, 0.001, 1e-9));
    let anthropic = board
        .providers
        .iter()
        .find(|row| row.name == "anthropic")
        .expect("a rail");
    assert_eq!(anthropic.success, Some(0.0));
}

#[tokio::test]
async fn the_hour_before_is_what_changes_are_told_against() {
    let house = House::new().await;
    for _ in 0..10 {
        house.push(&ok_call("openai", 100)).await;
    }
    house.clock.advance(3_600_000);
    for _ in 0..15 {
        house.push(&ok_call("openai", 200)).await;
    }
    house.clock.advance(10_000);
    let board = house.engine.board(&scope(), Range::M5);
    assert!(close(kpi(&board, KpiId::Requests).change, 0.5, 1e-9));
    assert!(close(kpi(&board, KpiId::LatencyP95).change, 1.0, 0.03));
    assert_eq!(kpi(&board, KpiId::LatencyP95).level, Level::Attention);
}

#[tokio::test]
async fn calls_with_tokens_and_no_cost_are_unpriced_never_free() {
    let house = House::new().await;
    house.push(&ok_call("openai", 5)).await;
    house
        .push(
            r#"{"type":"call","provider":"x","model":"m","outcome":"ok","duration_ms":5,"output_tokens":7}"#,
        )
        .await;
    house.clock.advance(1_000);
    let board = house.engine.board(&scope(), Range::M5);
    let spend = kpi(&board, KpiId::SpendToday);
    assert_eq!(spend.unpriced, Some(0.5));
    assert!(close(spend.value, 0.001, 1e-9));
}

#[tokio::test]
async fn a_chart_point_holds_every_attempt_in_one_band_and_every_answer_in_one_row() {
    let house = House::new().await;
    let mut viewer = crate::common::Viewer::attach(&house);
    for ms in [10, 60, 700, 20_000] {
        house.push(&ok_call("openai", ms)).await;
    }
    house
        .push(r#"{"type":"call","provider":"x","model":"m","outcome":"rejected","breaker":"b"}"#)
        .await;
    house
        .push(r#"{"type":"call","provider":"x","model":"m","outcome":"rate_limited","duration_ms":5}"#)
        .await;
    house.clock.advance(20_000);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer
        .until("the snapshot", |replica| replica.board().is_some())
        .await;
    let board = viewer.replica.board().expect("a board");
    assert_eq!(board.points.len(), 91);
    let point = board
        .points
        .iter()
        .find(|point| point.t == crate::common::START)
        .expect("the point of the calls");
    let sum: f32 = point.bands.iter().sum();
    assert!((sum * 10.0 - 6.0).abs() < 1e-4);
    assert!((point.bands[0] * 10.0 - 4.0).abs() < 1e-4);
    assert!((point.bands[2] * 10.0 - 1.0).abs() < 1e-4);
    assert!((point.bands[6] * 10.0 - 1.0).abs() < 1e-4);
    assert_eq!(point.heat.iter().sum::<u32>(), 4);
    assert_eq!(
        (point.heat[0], point.heat[1], point.heat[6], point.heat[13]),
        (1, 1, 1, 1)
    );
}

#[tokio::test]
async fn an_open_step_with_few_answers_has_no_percentiles_yet() {
    let house = House::new().await;
    let mut viewer = crate::common::Viewer::attach(&house);
    for ms in 1..=19 {
        house.push(&ok_call("openai", ms)).await;
    }
    house.clock.advance(2_000);
    viewer.handle.subscribe("board", Range::M5).expect("a view");
    let newest =
        |replica: &protocol::replica::Replica| replica.board().and_then(|board| board.points.last().cloned());
    viewer
        .until("the snapshot", |replica| newest(replica).is_some())
        .await;
    let open = newest(&viewer.replica).expect("a point");
    assert_eq!((open.t, open.p50), (crate::common::START, None));
    assert!(open.bands[0] > 0.0, "the rate is told at once");
    house.push(&ok_call("openai", 20)).await;
    viewer
        .until("percentiles", |replica| {
            newest(replica).is_some_and(|point| point.p50.is_some())
        })
        .await;
}

#[tokio::test]
async fn the_verdict_names_who_stands_in_for_whom() {
    let house = House::new().await;
    for _ in 0..20 {
        house.push(&ok_call("openai", 5)).await;
    }
    for _ in 0..5 {
        house.push(
            r#"{"type":"call","provider":"openai","model":"m","outcome":"ok","duration_ms":10,"fallback_from":{"provider":"anthropic"}}"#,
        )
        .await;
    }
    house
        .push(&crate::common::transition("claude-sonnet", "api-3", "open"))
        .await;
    let board = house.engine.board(&scope(), Range::M15);
    assert_eq!(board.verdict.lead, "1 breaker open.");
    assert!(
        board
            .verdict
            .rest
            .starts_with("anthropic is failing over to openai"),
        "{}",
        board.verdict.rest
    );
    assert_eq!(board.verdict.level, Level::Act);
}

#[tokio::test]
async fn silence_makes_breakers_unknown_and_the_board_says_so() {
    let house = House::new().await;
    house
        .push(&crate::common::transition("claude-sonnet", "api-3", "open"))
        .await;
    house.clock.advance(16 * 60_000);
    // The expiry task looks once a second.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(3);
    loop {
        let board = house.engine.board(&scope(), Range::M15);
        if board.breakers[0].state == protocol::view::State::Unknown {
            assert_eq!(board.feed[0].cause, "silent");
            assert!(board.feed[0].inferred);
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "still {:?}",
            board.breakers[0].state
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
