//! The last words of a client.

use std::time::{Duration, Instant};

use fuseboard_client::{CallEvent, Outcome, Unsent};

use crate::server::{Reply, Server, run, status};

fn call() -> CallEvent {
    CallEvent::new("openai", "gpt-5", Outcome::Ok).duration(Duration::from_millis(12))
}

#[test]
fn shutdown_sends_what_waits_and_takes_no_more() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .flush_every(Duration::from_secs(3_600))
            .batch(10)
            .build()
            .unwrap();
        for _ in 0..25 {
            client.call(call());
        }
        client.shutdown(Duration::from_secs(5)).await.unwrap();
        assert_eq!(
            server
                .arrived()
                .iter()
                .map(|request| request.events().len())
                .sum::<usize>(),
            25
        );
        client.call(call());
        client.shutdown(Duration::from_secs(5)).await.unwrap();
        let health = client.health();
        assert_eq!(
            (health.reported, health.accepted, health.dropped, health.queued),
            (26, 25, 1, 0)
        );
        client.flush(Duration::from_secs(5)).await.unwrap();
    });
}

#[test]
fn shutdown_ends_at_its_deadline_and_says_what_is_lost() {
    run(async {
        let server = Server::always(Reply::Silence).await;
        let client = server.client().batch(10).build().unwrap();
        for _ in 0..25 {
            client.call(call());
        }
        let begun = Instant::now();
        assert_eq!(
            client.shutdown(Duration::from_millis(200)).await,
            Err(Unsent { events: 25 })
        );
        assert!((Duration::from_millis(190)..Duration::from_secs(2)).contains(&begun.elapsed()));
        let health = client.health();
        assert_eq!(
            (health.dropped, health.queued),
            (25, 0),
            "those under way count as dropped too"
        );
    });
}

#[test]
fn shutdown_tries_at_once_what_waits_for_a_retry() {
    run(async {
        let later = Reply::Status(503, vec![("retry-after", "60".into())], String::new());
        let server = Server::start([later]).await;
        let client = server.client().build().unwrap();
        client.call(call());
        server.wait_for(1).await;
        let begun = Instant::now();
        client.shutdown(Duration::from_secs(5)).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert_eq!(client.health().accepted, 1);
    });
}

#[test]
fn shutdown_of_a_dead_server_does_not_outlast_its_deadline_in_a_back_off() {
    run(async {
        let server = Server::always(status(503)).await;
        let long = Duration::from_secs(60);
        let client = server.client().backoff(long, long).build().unwrap();
        client.call(call());
        server.wait_for(1).await;
        let begun = Instant::now();
        assert_eq!(
            client.shutdown(Duration::from_millis(200)).await,
            Err(Unsent { events: 1 })
        );
        assert!(begun.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn flush_gives_up_waiting_but_not_the_events() {
    run(async {
        let server = Server::always(status(503)).await;
        let client = server.client().build().unwrap();
        client.call(call());
        assert_eq!(
            client.flush(Duration::from_millis(100)).await,
            Err(Unsent { events: 1 })
        );
        server.recover();
        client.flush(Duration::from_secs(5)).await.unwrap();
        assert_eq!((client.health().accepted, client.health().dropped), (1, 0));
    });
}

#[test]
fn dropping_the_last_clone_still_sends() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .flush_every(Duration::from_secs(3_600))
            .build()
            .unwrap();
        let clone = client.clone();
        client.call(call());
        drop(client);
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(server.arrived().is_empty(), "a clone is still there");
        drop(clone);
        assert_eq!(server.wait_for(1).await[0].events().len(), 1);
    });
}
