//! Memory is bounded, callers never wait, and what goes is counted.

use std::time::{Duration, Instant};

use fuseboard_client::{CallEvent, Health, Outcome, State, TransitionEvent};

use crate::server::{Reply, Server, run, status};

fn call(index: usize) -> CallEvent {
    CallEvent::new("openai", "gpt-5", Outcome::Ok)
        .duration(Duration::from_millis(12))
        .id(format!("e{index}"))
}

fn adds_up(health: &Health) {
    assert_eq!(
        health.reported,
        health.queued + health.accepted + health.duplicates + health.refused + health.dropped,
        "{health:?}"
    );
}

#[test]
fn a_full_queue_drops_the_oldest_calls_and_counts_them() {
    run(async {
        let server = Server::always(status(503)).await;
        let client = server.client().queue(100).batch(10).build().unwrap();
        client.transition(TransitionEvent::new("gpt-5", State::Open).id("t"));
        server.wait_for(1).await; // The transition is under way and stays there.
        for index in 0..1_000 {
            client.call(call(index));
            adds_up(&client.health());
        }
        client.transition(TransitionEvent::new("gpt-5", State::HalfOpen).id("t2"));
        let health = client.health();
        assert_eq!(
            (health.reported, health.queued, health.dropped),
            (1_002, 101, 901)
        );
        server.recover();
        client.flush(Duration::from_secs(5)).await.unwrap();
        let mut ids: Vec<String> = server
            .arrived()
            .iter()
            .flat_map(|request| request.events())
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        ids.dedup();
        let mut expected = vec!["t".to_owned(), "t2".to_owned()];
        expected.extend((901..1_000).map(|index| format!("e{index}")));
        assert_eq!(ids, expected, "the newest calls and every transition are left");
        let health = client.health();
        adds_up(&health);
        assert_eq!((health.accepted, health.dropped, health.queued), (101, 901, 0));
    });
}

#[test]
fn the_queue_is_bounded_in_bytes_too() {
    run(async {
        let server = Server::always(Reply::Silence).await;
        let client = server.client().queue_bytes(50_000).batch(1).build().unwrap();
        client.call(call(0));
        server.wait_for(1).await;
        for index in 0..1_000 {
            client.call(call(index).label("padding", "x".repeat(1_000)));
        }
        client.call(call(0).label("padding", "x".repeat(60_000)));
        let health = client.health();
        adds_up(&health);
        assert!((40..50).contains(&health.queued), "{health:?}");
    });
}

#[test]
fn callers_never_wait_for_a_server_that_does_not_answer() {
    run(async {
        let server = Server::always(Reply::Silence).await;
        let client = server.client().queue(1_000).build().unwrap();
        client.call(call(0));
        server.wait_for(1).await;
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let client = client.clone();
                std::thread::spawn(move || {
                    let begun = Instant::now();
                    for index in 0..10_000 {
                        client.call(call(index));
                    }
                    begun.elapsed()
                })
            })
            .collect();
        for thread in threads {
            let took = thread.join().unwrap();
            assert!(took < Duration::from_secs(5), "10,000 calls took {took:?}");
        }
        let health = client.health();
        adds_up(&health);
        assert_eq!((health.reported, health.queued), (40_001, 1_001));
        assert_eq!(server.arrived().len(), 1, "one batch under way at a time");
    });
}
