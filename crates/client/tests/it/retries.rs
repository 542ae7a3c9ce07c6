//! What is sent again, and under which key.

use std::net::SocketAddr;
use std::time::Duration;

use fuseboard_client::{CallEvent, Link, Outcome};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, client_of, run, status};

const LONG: Duration = Duration::from_secs(5);

fn call() -> CallEvent {
    CallEvent::new("openai", "gpt-5", Outcome::Ok).duration(Duration::from_millis(12))
}

#[test]
fn after_a_503_the_same_bytes_go_under_the_same_key() {
    run(async {
        let server = Server::start([status(503), status(500), status(409)]).await;
        let client = server.client().build().unwrap();
        client.call(call());
        client.call(call());
        client.flush(LONG).await.unwrap();
        client.call(call());
        client.flush(LONG).await.unwrap();
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 5);
        assert!(arrived[0].key.is_some());
        for again in &arrived[1..4] {
            assert_eq!((&again.key, &again.body), (&arrived[0].key, &arrived[0].body));
        }
        assert_ne!(arrived[4].key, arrived[0].key, "another batch has another key");
        let health = client.health();
        assert_eq!(
            (health.sent, health.accepted, health.retried, health.dropped),
            (3, 3, 3, 0)
        );
        assert_eq!(health.link, Link::Up);
        assert!(health.last_error.unwrap().starts_with("409"));
    });
}

#[test]
fn an_answer_that_got_lost_is_asked_for_again_under_the_same_key() {
    run(async {
        let server = Server::start([Reply::Silence]).await;
        let client = server
            .client()
            .timeout(Duration::from_millis(150))
            .build()
            .unwrap();
        client.call(call());
        client.flush(LONG).await.unwrap();
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 2);
        assert_eq!(
            (&arrived[0].key, &arrived[0].body),
            (&arrived[1].key, &arrived[1].body)
        );
        assert_eq!(client.health().accepted, 1);
    });
}

#[test]
fn retry_after_is_a_lower_bound() {
    run(async {
        let later = Reply::Status(429, vec![("retry-after", "1".into())], String::new());
        let server = Server::start([later]).await;
        let client = server.client().build().unwrap();
        client.call(call());
        client.flush(LONG).await.unwrap();
        let arrived = server.arrived();
        let waited = arrived[1].at - arrived[0].at;
        assert!(
            waited >= Duration::from_millis(995) && waited < Duration::from_secs(3),
            "{waited:?}"
        );
    });
}

#[test]
fn a_server_that_comes_up_late_gets_everything() {
    run(async {
        // A port that nobody listens on: bound, noted, released.
        let address = {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
                .await
                .unwrap();
            listener.local_addr().unwrap()
        };
        let client = client_of(address).build().unwrap();
        for _ in 0..10 {
            client.call(call());
        }
        assert!(
            client.flush(Duration::from_millis(200)).await.is_err(),
            "nobody is there"
        );
        let health = client.health();
        assert_eq!((health.queued, health.accepted, health.link), (10, 0, Link::Down));
        assert!(health.retried > 0);
        assert!(health.last_error.unwrap().to_lowercase().contains("connect"));
        let server = Server::start_at(address, []).await;
        client.flush(LONG).await.unwrap();
        assert_eq!(
            server
                .arrived()
                .iter()
                .map(|request| request.events().len())
                .sum::<usize>(),
            10
        );
        assert_eq!((client.health().accepted, client.health().link), (10, Link::Up));
    });
}

#[test]
fn what_will_never_be_taken_is_counted_and_not_sent_again() {
    run(async {
        for code in [400, 401, 403, 404, 415, 422, 302] {
            let server = Server::start([status(code)]).await;
            let client = server.client().build().unwrap();
            client.call(call());
            client.call(call());
            client.flush(LONG).await.unwrap();
            client.call(call());
            client.flush(LONG).await.unwrap();
            assert_eq!(server.arrived().len(), 2, "{code}: one refusal, one new batch");
            let health = client.health();
            assert_eq!(
                (health.refused, health.accepted, health.retried),
                (2, 1, 0),
                "{code}"
            );
            assert!(health.last_error.unwrap().starts_with(&code.to_string()));
        }
    });
}

#[test]
fn a_batch_that_is_too_large_is_halved_until_it_fits() {
    run(async {
        let server = Server::start([status(413), status(413)]).await;
        let client = server.client().build().unwrap();
        for index in 0..8 {
            client.call(call().id(format!("e{index}")));
        }
        client.flush(LONG).await.unwrap();
        let arrived = server.arrived();
        let sizes: Vec<usize> = arrived.iter().map(|request| request.events().len()).collect();
        assert_eq!(sizes, [8, 4, 2, 2, 4]);
        let taken: Vec<String> = arrived[2..]
            .iter()
            .flat_map(|request| request.events())
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(taken, ["e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"]);
        let mut keys: Vec<_> = arrived.iter().map(|request| request.key.clone()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 5, "other bytes, another key");
        assert_eq!(client.health().accepted, 8);

        let never = Server::always(status(413)).await;
        let client = never.client().build().unwrap();
        client.call(call());
        client.call(call());
        client.flush(LONG).await.unwrap();
        assert_eq!(
            (client.health().refused, client.health().queued),
            (2, 0),
            "a single one cannot be halved"
        );
    });
}
