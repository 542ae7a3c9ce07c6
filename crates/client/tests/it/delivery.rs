//! What arrives, and what is counted.

use std::collections::HashSet;
use std::time::Duration;

use fuseboard_client::{
    CallEvent, CheckError, HeadroomEvent, Link, MarkerEvent, Outcome, State, StatsEvent, TransitionEvent,
};

use crate::server::{Reply, Server, client_of, run, status};

fn call() -> CallEvent {
    CallEvent::new("openai", "gpt-5", Outcome::Ok).duration(Duration::from_millis(12))
}

#[test]
fn events_arrive_in_batches_each_once() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .batch(500)
            .service("checkout")
            .environment("prod")
            .build()
            .unwrap();
        for _ in 0..1_250 {
            client.call(call());
        }
        client.flush(Duration::from_secs(5)).await.unwrap();
        let arrived = server.arrived();
        assert!(arrived.iter().all(|request| request.events().len() <= 500));
        assert_eq!(
            arrived.len(),
            3,
            "full batches do not wait and the rest goes with the flush"
        );
        assert!(
            arrived
                .iter()
                .all(|request| request.authorization == "Bearer fb_test")
        );
        assert!(
            arrived
                .iter()
                .all(|request| request.content_type == "application/json")
        );
        let keys: HashSet<_> = arrived
            .iter()
            .map(|request| request.key.clone().unwrap())
            .collect();
        assert_eq!(keys.len(), 3);
        let events: Vec<_> = arrived.iter().flat_map(|request| request.events()).collect();
        let ids: HashSet<_> = events
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!((events.len(), ids.len()), (1_250, 1_250));
        assert!(ids.iter().all(|id| id.len() <= 128));
        for event in &events {
            assert_eq!(
                (&event["service"], &event["environment"]),
                (&"checkout".into(), &"prod".into())
            );
            assert!(
                event["instance"]
                    .as_str()
                    .unwrap()
                    .contains(&std::process::id().to_string())
            );
            assert!(event["time"].as_i64().unwrap() > 1_700_000_000_000);
        }
        let health = client.health();
        assert_eq!(
            (health.reported, health.sent, health.accepted, health.queued),
            (1_250, 1_250, 1_250, 0)
        );
        assert_eq!((health.refused, health.dropped, health.retried), (0, 0, 0));
        assert_eq!((health.link, health.last_error), (Link::Up, None));
    });
}

#[test]
fn a_transition_does_not_wait_and_takes_the_calls_along() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .flush_every(Duration::from_secs(3_600))
            .build()
            .unwrap();
        client.call(call());
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(server.arrived().is_empty(), "a call waits for company");
        client.transition(TransitionEvent::new("gpt-5", State::Open).from(State::Closed));
        let arrived = server.wait_for(1).await;
        let kinds: Vec<_> = arrived[0]
            .events()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(kinds, ["breaker", "call"], "states leave first");
    });
}

#[test]
fn a_lone_call_leaves_after_the_flush_interval() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .flush_every(Duration::from_millis(30))
            .build()
            .unwrap();
        client.call(call());
        assert_eq!(server.wait_for(1).await[0].events().len(), 1);
    });
}

#[test]
fn every_kind_of_event_arrives_in_the_public_form() {
    run(async {
        let server = Server::start([]).await;
        let client = server
            .client()
            .service("chat-api")
            .instance("api-3")
            .label("fuseboard.kind", "simulated")
            .build()
            .unwrap();
        client.call(call().at_ms(1));
        client.transition(TransitionEvent::new("gpt-5", State::HalfOpen).at_ms(1).id("t"));
        client.stats(
            StatsEvent::new("gpt-5", State::HalfOpen)
                .trials_done(2)
                .at_ms(1)
                .id("s"),
        );
        client.headroom(
            HeadroomEvent::new("openai")
                .requests_remaining(7)
                .at_ms(1)
                .id("h"),
        );
        client.marker(MarkerEvent::new("v2").at_ms(1).id("m"));
        client.flush(Duration::from_secs(5)).await.unwrap();
        let events: Vec<_> = server
            .arrived()
            .iter()
            .flat_map(|request| request.events())
            .collect();
        let labels = serde_json::json!({"fuseboard.kind": "simulated"});
        assert_eq!(
            events[..4],
            [
                serde_json::json!({"type": "breaker", "breaker": "gpt-5", "to": "half_open", "time": 1, "id": "t",
                    "service": "chat-api", "instance": "api-3", "labels": labels}),
                serde_json::json!({"type": "breaker_stats", "breaker": "gpt-5", "state": "half_open", "time": 1,
                    "id": "s", "service": "chat-api", "instance": "api-3", "trials_done": 2, "labels": labels}),
                serde_json::json!({"type": "headroom", "provider": "openai", "service": "chat-api",
                    "requests_remaining": 7, "time": 1, "id": "h"}),
                serde_json::json!({"type": "marker", "title": "v2", "time": 1, "id": "m"}),
            ]
        );
        assert_eq!(events[4]["type"], "call");
        assert_eq!(events[4]["labels"], labels);
    });
}

#[test]
fn partial_refusals_are_counted_and_explained() {
    run(async {
        let body = r#"{"accepted":1,"duplicates":1,"refused_count":1,"ignored_fields":[],"refused":[
            {"index":0,"code":"out_of_range","field":"duration_ms","reason":"must be ≤ 86400000"}]}"#;
        let server = Server::start([Reply::Status(200, Vec::new(), body.into())]).await;
        let client = server.client().build().unwrap();
        for _ in 0..3 {
            client.call(call());
        }
        client.flush(Duration::from_secs(5)).await.unwrap();
        let health = client.health();
        assert_eq!(
            (health.accepted, health.duplicates, health.refused, health.queued),
            (1, 1, 1, 0)
        );
        assert!(
            health
                .last_error
                .unwrap()
                .contains("duration_ms must be ≤ 86400000")
        );
    });
}

#[test]
fn a_check_tells_a_wrong_key_from_a_dead_server() {
    run(async {
        let problem = r#"{"title":"Unknown key","status":401}"#;
        let server = Server::start([Reply::Accept, Reply::Status(401, Vec::new(), problem.into())]).await;
        let client = server.client().build().unwrap();
        assert_eq!(client.check().await, Ok(()));
        let refused = CheckError::Refused("401 Unauthorized: Unknown key".into());
        assert_eq!(client.check().await, Err(refused));
        assert!(
            server
                .arrived()
                .iter()
                .all(|request| request.key.is_none() && request.events().is_empty())
        );
        assert_eq!(client.health().reported, 0, "a check is no event");

        let address = server.address;
        drop(server);
        let nobody = client_of(address)
            .timeout(Duration::from_millis(500))
            .build()
            .unwrap();
        assert!(matches!(nobody.check().await, Err(CheckError::Unreachable(_))));
        let later = Server::start([status(503)]).await;
        assert!(matches!(
            later.client().build().unwrap().check().await,
            Err(CheckError::Unreachable(_))
        ));
    });
}
