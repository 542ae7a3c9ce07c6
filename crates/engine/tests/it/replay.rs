//! A moment that has passed is shown as live showed it, and nobody else notices.

use std::time::Duration;

use crate::common::{House, START, Viewer, ok_call, scope, transition};
use engine::ReplayError;
use protocol::view::{Board, BreakerDetail, State};
use protocol::{Changes, Range};
use store::LiveStore;

const MINUTE: i64 = 60_000;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What five seconds bring: calls that succeed, fail, fall back and come late, breakers that say what they do.
fn events(dice: &mut Dice, now: i64) -> String {
    let mut events = Vec::new();
    for _ in 0..6 {
        let outcome = ["ok", "ok", "ok", "overloaded", "timeout", "cancelled"][dice.roll(6) as usize];
        let provider = ["openai", "anthropic"][dice.roll(2) as usize];
        let fallback = if dice.roll(5) == 0 {
            r#","fallback_from":{"provider":"google","model":"g"}"#
        } else {
            ""
        };
        let guarded = if dice.roll(2) == 0 {
            r#","breaker":"b1","service":"chat","instance":"api-1""#
        } else {
            ""
        };
        events.push(format!(
            r#"{{"type":"call","provider":"{provider}","model":"m","outcome":"{outcome}","duration_ms":{},"ttft_ms":20,"output_tokens":7,"cost_usd":0.002,"time":{}{fallback}{guarded}}}"#,
            30 + dice.roll(900),
            now - dice.roll(3) as i64 * 40_000
        ));
    }
    if dice.roll(4) == 0 {
        let to = ["closed", "open", "half_open"][dice.roll(3) as usize];
        events.push(transition("b1", &format!("api-{}", 1 + dice.roll(3)), to));
    }
    if dice.roll(3) == 0 {
        events.push(
            r#"{"type":"breaker_stats","breaker":"b2","service":"chat","provider":"openai","instance":"api-9","state":"closed","failure_rate":0.1,"failure_threshold":0.5,"window_calls":20}"#
                .to_owned(),
        );
    }
    format!("[{}]", events.join(","))
}

/// What live showed at a moment.
struct Shown {
    at: i64,
    boards: Vec<Board>,
    details: Vec<(String, Option<BreakerDetail>)>,
}

fn look(house: &House) -> Shown {
    let boards = Range::ALL.map(|range| house.engine.board(&scope(), range));
    let ids: Vec<String> = boards[0].breakers.iter().map(|row| row.id.clone()).collect();
    let details = ids
        .into_iter()
        .map(|id| (id.clone(), house.engine.breaker(&scope(), &id)));
    Shown {
        at: house.clock.now(),
        details: details.collect(),
        boards: boards.to_vec(),
    }
}

/// An hour and a half of traffic, looked at now and then.
async fn history(house: &House) -> Vec<Shown> {
    let mut dice = Dice(0x5eed);
    let mut shown = Vec::new();
    for step in 0..(90 * 12) {
        let now = house.clock.now();
        // From the 50th to the 60th minute nobody reports.
        if !(600..720).contains(&step) {
            house.push(&events(&mut dice, now)).await;
        }
        house.clock.advance(1_000 + dice.roll(900) as i64);
        let wanted = [7, 180, 401, 640, 719, 725, 900, 1_070].contains(&step);
        if wanted || (720..725).contains(&step) {
            // Silence, and its end, are noticed once a second by the wall clock.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        if wanted {
            shown.push(look(house));
        }
        let passed = house.clock.now() - now;
        house.clock.advance(5_000 - passed);
        if step % 12 == 0 {
            assert!(house.engine.close().await, "a flush");
        }
        if step % 60 == 0 {
            assert!(house.engine.compact().await, "a compaction");
        }
    }
    shown
}

#[tokio::test]
async fn a_moment_is_shown_as_live_showed_it() {
    let house = House::new().await;
    let shown = history(&house).await;
    assert_eq!(shown.len(), 8);
    assert!(
        shown[4].boards[0]
            .breakers
            .iter()
            .any(|row| row.state == State::Unknown),
        "silence was part of it"
    );
    let mut feeds = 0;
    for moment in &shown {
        for live in &moment.boards {
            let past = house.engine.board_at(&scope(), live.range, moment.at).await;
            let past = past.expect("the moment can be shown");
            feeds += past.feed.len();
            assert_eq!(
                past.kpis,
                live.kpis,
                "{} {}",
                moment.at - START,
                live.range.as_str()
            );
            assert_eq!(past, *live, "{} {}", moment.at - START, live.range.as_str());
        }
        for (id, live) in &moment.details {
            let past = house.engine.breaker_at(&scope(), id, moment.at).await;
            assert_eq!(past.expect("a detail"), *live, "{}", moment.at - START);
        }
    }
    assert!(feeds > 100, "there was something to compare: {feeds}");
    let keyframes = house.store.first_keyframe(&scope()).await;
    assert!(keyframes.expect("it can be read").is_some());
}

#[tokio::test]
async fn a_moment_is_the_same_after_a_restart() {
    let house = House::new().await;
    let shown = history(&house).await;
    let (store, clock) = house.crash().await;
    let house = House::on(store, clock).await;
    for moment in &shown {
        let live = &moment.boards[1];
        let past = house.engine.board_at(&scope(), live.range, moment.at).await;
        assert_eq!(
            past.expect("the moment can be shown"),
            *live,
            "{}",
            moment.at - START
        );
    }
}

#[tokio::test]
async fn what_cannot_be_shown_says_why() {
    let house = House::new().await;
    let at = async |at| house.engine.board_at(&scope(), Range::M15, START + at).await;
    let none = at(0).await.expect_err("nothing is there yet");
    assert!(none.to_string().contains("no moment is kept yet"), "{none}");
    house.push(&ok_call("openai", 5)).await;
    house.clock.advance(10_000);
    let future = at(10_001).await.expect_err("it has not been");
    assert!(matches!(future, ReplayError::InFuture { .. }), "{future}");
    assert_eq!(
        future.to_string(),
        "at: 2025-11-20T12:00:10Z has not been yet, the server's time is 2025-11-20T12:00:10Z"
    );
    let early = at(-1).await.expect_err("it is before everything");
    assert_eq!(
        early.to_string(),
        "at: 2025-11-20T11:59:59Z is too long ago, replay reaches back to 2025-11-20T12:00:00Z"
    );
    assert!(at(0).await.is_ok() && at(10_000).await.is_ok());
    assert_eq!(
        house
            .engine
            .replay_reaches(&scope())
            .await
            .expect("it can be read"),
        Some(START)
    );
}

#[tokio::test]
async fn a_journal_whose_begin_was_dropped_reaches_less_far() {
    use store::{Journal, SystemScope};
    #[expect(clippy::disallowed_methods, reason = "a test stands in for the supervisor")]
    let system = SystemScope::assume();
    let house = House::new().await;
    let day = 86_400_000;
    for _ in 0..6 {
        house.push(&transition("b1", "api-1", "open")).await;
        assert!(house.engine.close().await);
        house.clock.advance(day / 2);
    }
    let now = house.clock.now();
    let dropped = house.store.retain(&system, now - day, u64::MAX, now).await;
    assert!(dropped.expect("days can be dropped") > 0);
    let oldest = house
        .store
        .usage(&system)
        .await
        .expect("usage")
        .oldest
        .expect("a batch");
    let reaches = house
        .engine
        .replay_reaches(&scope())
        .await
        .expect("it can be read");
    // The keyframes of the test lie before the rest of the journal; those that nothing can go on from do not count.
    let cut = house.store.drop_keyframes(&system, oldest, u64::MAX).await;
    assert!(cut.expect("keyframes can be dropped") > 0);
    let reaches_after = house
        .engine
        .replay_reaches(&scope())
        .await
        .expect("it can be read");
    assert_eq!(reaches, reaches_after);
    assert_eq!(reaches, Some(oldest + 16 * MINUTE));
    let at = async |at| house.engine.board_at(&scope(), Range::M5, at).await;
    assert!(matches!(at(oldest).await, Err(ReplayError::TooEarly { .. })));
    let board = at(oldest + 16 * MINUTE).await.expect("it can be shown");
    assert_eq!(board.breakers.len(), 1);
}

fn moment_of(viewer: &Viewer) -> i64 {
    viewer.replica.board().map_or(0, |board| board.now)
}

#[tokio::test]
async fn a_viewer_goes_to_a_moment_plays_on_and_comes_back() {
    let house = House::new().await;
    house.push(&transition("b1", "api-1", "open")).await;
    house.clock.advance(5 * MINUTE);
    house.push(&transition("b1", "api-1", "closed")).await;
    house.clock.advance(5 * MINUTE);
    let id = house.engine.board(&scope(), Range::M15).breakers[0].id.clone();
    let view = format!("breaker:{id}");
    let mut viewer = Viewer::attach(&house);
    let mut other = Viewer::attach(&house);
    other.handle.subscribe("board", Range::M15).expect("a view");
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    viewer
        .until("the live board", |replica| replica.board().is_some())
        .await;

    let open_at = START + 2 * MINUTE;
    viewer
        .handle
        .replay("board", Range::M5, open_at, 0)
        .expect("a moment");
    viewer
        .handle
        .replay(&view, Range::M15, open_at, 0)
        .expect("a detail");
    viewer
        .until("the moment", |replica| {
            replica.board().is_some_and(|board| board.now == open_at) && replica.breaker(&id).is_some()
        })
        .await;
    let board = viewer.replica.board().expect("a board").clone();
    assert_eq!((board.range, board.breakers[0].state), (Range::M5, State::Open));
    assert!(!board.points.is_empty(), "charts show the moment too");
    let mut told = house
        .engine
        .board_at(&scope(), Range::M5, open_at)
        .await
        .expect("shown");
    told.points = board.points.clone();
    assert_eq!(board, told);
    let detail = viewer.replica.breaker(&id).flatten().expect("a detail");
    assert_eq!((detail.breaker.state, detail.transitions.len()), (State::Open, 1));

    // It stands, and says once a second that it lives.
    let seq = viewer.replica.seq("board").expect("a number");
    viewer
        .until("a beat", |replica| replica.seq("board") > Some(seq))
        .await;
    assert_eq!(moment_of(&viewer), open_at);

    // It plays; what was there then appears when it is time, in all views.
    viewer
        .handle
        .replay("board", Range::M5, open_at + 150_000, 60)
        .expect("play");
    viewer
        .until("the recovery", |replica| {
            replica
                .board()
                .is_some_and(|board| board.breakers[0].state == State::Closed)
                && replica
                    .breaker(&id)
                    .flatten()
                    .is_some_and(|detail| detail.transitions.len() == 2)
        })
        .await;
    let seen = moment_of(&viewer);
    assert!(
        seen > START + 5 * MINUTE && seen < START + 6 * MINUTE,
        "{}",
        seen - START
    );
    // Another speed, asked for by somebody who saw an older picture: no step back.
    viewer
        .handle
        .replay("board", Range::M5, seen - 20_000, 0)
        .expect("stand");
    let reset = |viewer: &Viewer| viewer.replica.seq("board") == Some(0);
    viewer
        .until("the pause", |replica| replica.seq("board") == Some(0))
        .await;
    assert!(reset(&viewer) && moment_of(&viewer) >= seen);

    // Back to live: no frame of the replay follows the live snapshot (`until` fails at a gap).
    viewer.handle.subscribe("board", Range::M15).expect("live");
    viewer.handle.subscribe(&view, Range::M15).expect("live");
    let now = house.clock.now();
    viewer
        .until("live again", |replica| {
            replica
                .board()
                .is_some_and(|board| board.now == now && board.range == Range::M15)
        })
        .await;
    house.push(&transition("b1", "api-1", "half_open")).await;
    for viewer in [&mut viewer, &mut other] {
        viewer
            .until("the next transition", |replica| {
                replica
                    .board()
                    .is_some_and(|board| board.breakers[0].state == State::HalfOpen)
            })
            .await;
    }
}

#[tokio::test]
async fn a_replay_ends_at_the_present() {
    let house = House::new().await;
    house.push(&transition("b1", "api-1", "open")).await;
    house.clock.advance(30_000);
    let mut viewer = Viewer::attach(&house);
    viewer
        .handle
        .replay("board", Range::M5, START + 25_000, 60)
        .expect("a moment");
    let end = START + 30_000;
    viewer
        .until("the present", |replica| {
            replica.board().is_some_and(|board| board.now == end)
        })
        .await;
    house.push(&transition("b1", "api-1", "closed")).await;
    house.clock.advance(1_000);
    viewer
        .until("what came since", |replica| {
            replica
                .board()
                .is_some_and(|board| board.breakers[0].state == State::Closed && board.now == end + 1_000)
        })
        .await;
}

#[tokio::test]
async fn a_hidden_viewer_does_not_miss_what_plays() {
    let house = House::new().await;
    house.push(&ok_call("openai", 5)).await;
    house.clock.advance(10 * MINUTE);
    let mut viewer = Viewer::attach(&house);
    viewer
        .handle
        .replay("board", Range::M5, START + MINUTE, 60)
        .expect("a moment");
    viewer
        .until("the moment", |replica| replica.board().is_some())
        .await;
    viewer.handle.pause(true);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    viewer.handle.pause(false);
    viewer
        .until("a snapshot", |replica| {
            replica.board().is_some_and(|board| board.now > START + MINUTE)
        })
        .await;
    let passed = moment_of(&viewer) - START - MINUTE;
    assert!(passed < 60_000, "a minute and a half would have passed: {passed}");
}

#[tokio::test]
async fn refusals_leave_what_there_was() {
    let house = House::new().await;
    house.push(&ok_call("openai", 5)).await;
    house.clock.advance(MINUTE);
    let mut viewer = Viewer::attach(&house);
    viewer.handle.subscribe("board", Range::M15).expect("a view");
    let refused = |view: &str, at: i64, speed: u8| {
        let error = viewer.handle.replay(view, Range::M15, at, speed);
        let error = error.expect_err("it is refused");
        (error.code, error.detail)
    };
    assert_eq!(
        refused("board", START, 61),
        ("no_replay", "speed: must be 0 to 60, got 61".to_owned())
    );
    assert_eq!(refused("board", house.clock.now() + 1, 0).0, "no_replay");
    assert_eq!(refused("connect", START, 0).1, "view: connect has no past");
    assert_eq!(refused("breaker:b_0000000000000001", START, 0).0, "no_replay");
    assert_eq!(refused("boards", START, 0).0, "unknown_view");
    viewer
        .until("live", |replica| {
            replica
                .board()
                .is_some_and(|board| board.now == house.clock.now())
        })
        .await;
    // What is found out later comes as a frame.
    viewer
        .handle
        .replay("board", Range::M15, START - MINUTE, 0)
        .expect("it is asked for");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(2);
    let refusal = loop {
        let out = tokio::time::timeout_at(deadline, viewer.outbox.next())
            .await
            .expect("in time");
        let engine::Out::Frame(engine::Frame::Binary(bytes)) = out else {
            panic!("a binary frame")
        };
        let frame = protocol::codec::decode_server(&bytes).expect("a frame");
        if let Ok(Changes::Refused { code, detail }) = viewer.replica.apply(frame) {
            break (code, detail);
        }
    };
    assert_eq!(refusal.0, "no_replay");
    assert!(
        refusal.1.contains("replay reaches back to 2025-11-20T12:00:00Z"),
        "{}",
        refusal.1
    );
}

#[tokio::test]
async fn seats_are_few_and_are_given_back() {
    let house = House::new().await;
    house.push(&ok_call("openai", 5)).await;
    house.clock.advance(MINUTE);
    let mut viewers: Vec<Viewer> = (0..9).map(|_| Viewer::attach(&house)).collect();
    let last = viewers.pop().expect("nine");
    for viewer in &viewers {
        viewer
            .handle
            .replay("board", Range::M15, START, 0)
            .expect("a seat");
    }
    let busy = last
        .handle
        .replay("board", Range::M15, START, 0)
        .expect_err("no seat");
    assert_eq!(busy.code, "replay_busy");
    viewers[0].handle.subscribe("board", Range::M15).expect("live");
    drop(viewers.pop());
    for _ in 0..100 {
        if last.handle.replay("board", Range::M15, START, 0).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the seats stay taken");
}
