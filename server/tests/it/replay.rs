//! Moments that have passed: over REST, over the socket and as a page, on SQLite.

use std::time::Duration;

use crate::common::{TestServer, call, transition};
use protocol::view::{Activity, Board};
use protocol::{ClientFrame, Moment, Range, State, json};
use serde_json::{Value, json};

/// What live showed at four moments, in a history with a trip, a recovery and a fallback.
async fn history(server: &TestServer) -> Vec<Board> {
    let mut shown = Vec::new();
    for to in ["closed", "open", "half_open", "closed"] {
        let mut failed = call("a");
        failed["outcome"] = json!("overloaded");
        failed["breaker"] = json!("chat");
        server
            .accept(&json!([call("b"), failed, transition("chat", to)]))
            .await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        shown.push(server.board().await);
        // The next events belong to another millisecond.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shown
}

async fn board_at(server: &TestServer, at: i64) -> Board {
    let answer = server
        .get(&format!("/api/v1/board?at={at}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn refused(server: &TestServer, path: &str) -> (u16, Value) {
    let answer = server.get(path).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_over_rest_is_what_live_showed_also_after_a_restart() {
    let server = TestServer::start().await;
    let shown = history(&server).await;
    let states: Vec<State> = shown.iter().map(|board| board.breakers[0].state).collect();
    assert_eq!(
        states,
        [State::Closed, State::Open, State::HalfOpen, State::Closed]
    );
    for live in &shown {
        assert_eq!(board_at(&server, live.now).await, *live);
    }
    let id = shown[1].breakers[0].id.clone();
    let path = format!("/api/v1/breakers/{id}?at={}", shown[1].now);
    let detail: Value = server.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(detail["breaker"]["state"], "open");
    assert_eq!(detail["transitions"].as_array().unwrap().len(), 2);
    assert_eq!(detail["trip"]["calls"][0]["outcome"], "overloaded");

    let server = server.restart().await;
    for live in &shown {
        assert_eq!(board_at(&server, live.now).await, *live);
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_refused_by_name() {
    let server = TestServer::start().await;
    server.accept(&json!([call("a")])).await;
    let now = server.shared().engine.clock().now();
    for (query, status, part) in [
        (format!("at={}", now + 60_000), 400, "has not been yet"),
        (format!("at={}", now - 60_000), 422, "replay reaches back to"),
        ("at=noon".to_owned(), 400, "at: `noon`"),
        ("at=1795184880".to_owned(), 400, "it looks like seconds"),
        ("ta=5".to_owned(), 400, "known are range, at"),
    ] {
        let (answered, problem) = refused(&server, &format!("/api/v1/board?{query}")).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(answered, status, "{query}: {detail}");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    let (status, problem) = refused(&server, "/api/v1/board?at=now-1m").await;
    assert_eq!((status, &problem["parameter"]), (422, &json!("at")));
    let (status, _) = refused(&server, "/api/v1/breakers/b_0000000000000001?at=now").await;
    assert_eq!(status, 404);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_goes_to_a_moment_and_back() {
    let server = TestServer::start().await;
    let shown = history(&server).await;
    let mut socket = server.socket().await;
    let subscribe = |at, speed| {
        json::encode_client(&ClientFrame::Subscribe {
            view: "board".into(),
            range: Range::M15,
            replay: Some(Moment { at, speed }),
        })
    };
    socket.subscribe("board").await;
    socket.until(|replica| replica.board().is_some()).await;
    socket.send(subscribe(shown[1].now, 0)).await;
    socket
        .until(|replica| replica.board().is_some_and(|board| board.now == shown[1].now))
        .await;
    let mut board = socket.replica.board().unwrap().clone();
    assert!(!board.points.is_empty());
    board.points.clear();
    let mut live = shown[1].clone();
    protocol::diff::normalise(&mut live);
    assert_eq!(board, live);

    // It plays through the rest and stays at the present.
    socket.send(subscribe(shown[1].now, 60)).await;
    let last = shown[3].now;
    socket
        .until(|replica| replica.board().is_some_and(|board| board.now > last))
        .await;
    assert_eq!(socket.replica.board().unwrap().breakers[0].state, State::Closed);
    socket.subscribe("board").await;
    server.accept(&transition("chat", "forced_open")).await;
    socket
        .until(|replica| {
            replica
                .board()
                .is_some_and(|board| board.breakers[0].state == State::ForcedOpen)
        })
        .await;
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_moment_is_painted_with_it() {
    let server = TestServer::start().await;
    let shown = history(&server).await;
    let html = server.html(&format!("/?at={}", shown[1].now)).await;
    for part in [
        "data-live=\"replay\"",
        "data-replay=\"on\"",
        "You are looking at",
        "data-state=\"open\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let html = server.html("/").await;
    assert!(html.contains("data-replay=\"off\"") && !html.contains("You are looking at"));
    // A moment that cannot be shown: the live board, and the reason.
    let html = server.html("/?at=1000000000000").await;
    assert!(html.contains("data-replay=\"off\"") && html.contains("replay reaches back to"));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_at_a_glance_counts_requests_and_names_trips() {
    let server = TestServer::start().await;
    let empty: Activity = server
        .get("/api/v1/activity")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((empty.requests.len(), empty.reaches), (288, None));
    let mut events: Vec<Value> = (0..40).map(|nth| call(&nth.to_string())).collect();
    for failed in &mut events[30..] {
        failed["outcome"] = json!("timeout");
    }
    events.push(transition("chat", "open"));
    server.accept(&Value::Array(events)).await;
    let day: Activity = server
        .get("/api/v1/activity")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(day.requests.iter().sum::<u32>(), 40);
    assert_eq!(day.levels.len(), 288);
    assert!(day.levels.contains('x'), "{}", day.levels);
    assert_eq!(day.from % day.step, 0);
    assert!(day.from + 288 * day.step > day.as_of);
    assert_eq!(day.trips.len(), 1);
    assert_eq!(day.trips[0].breaker, "chat");
    assert!(day.reaches.is_some_and(|reaches| reaches <= day.as_of));
    let build = server.shared().build.clone();
    let answer = server
        .get(&format!("/t/default/api/v1/activity?build={build}"))
        .header("accept", "application/vnd.fuseboard.postcard")
        .send()
        .await
        .unwrap();
    let same: Activity = postcard::from_bytes(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(same.requests, day.requests);
    assert_eq!(refused(&server, "/api/v1/activity?from=now-1d").await.0, 400);
    assert!(server.stop().await);
}
