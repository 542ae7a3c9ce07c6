//! Names that answer differently the second time, and layers below that lie.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::canary::Canary;
use super::names::Names;
use super::receiver::{Part, Receiver, whole};
use super::{nameless, outbound, with_http};
use crate::error::{OutboundError, Refusal};
use crate::rules::Rules;

const PUBLIC: &str = "93.184.215.14";

#[tokio::test]
async fn a_name_that_turns_inside_after_the_check_is_refused() {
    let canary = Canary::start().await;
    let names = Names::changing(&[
        ("flip.test", &[PUBLIC, "127.0.0.1"]),
        ("flip6.test", &[PUBLIC, "::1"]),
        ("mail.test", &[PUBLIC, "127.0.0.1"]),
    ]);
    let outbound = outbound("", &names);
    for name in ["flip.test", "flip6.test"] {
        let url = format!("http://{name}:{}/", canary.port);
        outbound.check_url(&url, &with_http()).await.unwrap();
        let refused = outbound.get(&url, &with_http()).await.unwrap_err();
        assert!(
            matches!(refused, OutboundError::Refused(Refusal::Address { .. })),
            "{refused}"
        );
        assert_eq!(names.asked(name), 2);
    }
    outbound.check_target("mail.test", canary.port).await.unwrap();
    let refused = outbound.connect("mail.test", canary.port).await.unwrap_err();
    assert!(refused.is_refusal(), "{refused}");
    assert!(canary.accepted().await.is_empty());
}

/// The control: a check before, and any client after it, is what rebinding is made for.
#[tokio::test]
async fn a_check_before_alone_would_not_do() {
    let canary = Canary::start().await;
    let names = Names::changing(&[("flip.test", &[PUBLIC, "127.0.0.1"])]);
    let url = format!("http://flip.test:{}/", canary.port);
    outbound("", &names).check_url(&url, &with_http()).await.unwrap();
    let naive = reqwest::Client::builder()
        .no_proxy()
        .dns_resolver(names)
        .build()
        .unwrap();
    naive.get(&url).send().await.unwrap();
    assert_eq!(canary.accepted().await.len(), 1);
}

/// Two servers on one port of two addresses: what was judged is what is connected to, however the name turns.
#[tokio::test]
async fn a_call_asks_once_and_goes_where_it_was_told() {
    let inside = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let (receiver, canary) = loop {
        let answer = vec![Part::Bytes(whole("200 OK", &[], b"ok"))];
        let receiver = Receiver::at(inside, 0, answer).await;
        let beside = IpAddr::V4(Ipv4Addr::LOCALHOST);
        if let Some(canary) = Canary::start_at(beside, receiver.address.port()).await {
            break (receiver, canary);
        }
    };
    let port = canary.port;
    let names = Names::changing(&[("flip.test", &["127.0.0.2", "127.0.0.1"])]);
    let outbound = outbound("127.0.0.2", &names);
    let url = format!("http://flip.test:{port}/");

    let answer = outbound.get(&url, &with_http()).await.unwrap();
    assert_eq!(&answer.body[..], b"ok");
    assert_eq!(names.asked("flip.test"), 1);
    for _ in 0..3 {
        outbound.get(&url, &with_http()).await.unwrap_err();
        outbound.connect("flip.test", port).await.unwrap_err();
    }
    assert_eq!(receiver.requests().len(), 1);
    assert!(canary.accepted().await.is_empty());
}

#[tokio::test]
async fn one_bad_address_refuses_them_all_wherever_it_stands() {
    let canary = Canary::start().await;
    let names = Names::of(&[
        ("first.test", "127.0.0.1 127.0.0.2"),
        ("last.test", "127.0.0.2 127.0.0.1"),
        (
            "among.test",
            "127.0.0.2 127.0.0.3 127.0.0.2 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7 127.0.0.8 127.0.0.9 127.0.0.10 ::1",
        ),
    ]);
    let outbound = outbound("127.0.0.2 127.0.0.3 127.0.0.4/30 127.0.0.8/30", &names);
    for name in ["first.test", "last.test", "among.test"] {
        let url = format!("http://{name}:{}/", canary.port);
        let refused = outbound.get(&url, &with_http()).await.unwrap_err();
        assert!(
            matches!(refused, OutboundError::Refused(Refusal::Address { .. })),
            "{name}: {refused}"
        );
        assert!(
            outbound
                .connect(name, canary.port)
                .await
                .unwrap_err()
                .is_refusal()
        );
    }
    assert!(canary.accepted().await.is_empty());
}

#[tokio::test]
async fn a_name_on_the_list_that_turns_to_metadata_is_refused() {
    let names = Names::changing(&[("receiver.lan", &["10.0.0.5", "169.254.169.254", "fd00:ec2::254"])]);
    let outbound = outbound("receiver.lan", &names);
    outbound
        .check_url("http://receiver.lan/", &Rules::default())
        .await
        .unwrap();
    for _ in 0..2 {
        let refused = outbound
            .get("http://receiver.lan/", &Rules::default())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("metadata service"), "{refused}");
    }
}

/// If something below connected elsewhere all the same, its answer would not be believed.
#[tokio::test]
async fn an_answer_from_another_peer_is_thrown_away() {
    let receiver = Receiver::start().await;
    let names = Names::of(&[("misled.test", "127.0.0.3")]);
    let mut outbound = outbound("127.0.0.3", &names);
    outbound.misled_to = Some(SocketAddr::from(([127, 0, 0, 1], receiver.address.port())));
    let url = format!("http://misled.test:{}/", receiver.address.port());
    let error = outbound.get(&url, &with_http()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Peer { .. }), "{error}");
    assert_eq!(receiver.requests().len(), 1, "the test must have misled it");

    let judged = [SocketAddr::from(([127, 0, 0, 1], 80))];
    let guard = &nameless("").guard;
    assert!(guard.is_judged(Some(judged[0]), &judged));
    assert!(guard.is_judged(Some("[::ffff:127.0.0.1]:80".parse().unwrap()), &judged));
    assert!(!guard.is_judged(Some(SocketAddr::from(([127, 0, 0, 1], 81))), &judged));
    assert!(!guard.is_judged(None, &judged), "an unknown peer is not believed");
}

/// Names are looked up by nobody else, not even when the client is asked for another one.
#[tokio::test]
async fn a_pinned_resolver_knows_one_name() {
    use reqwest::dns::Resolve as _;
    let pinned = crate::resolver::Pinned {
        name: "a.test".into(),
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 1))],
    };
    assert_eq!(
        pinned.resolve("a.test".parse().unwrap()).await.unwrap().count(),
        1
    );
    assert!(pinned.resolve("localhost".parse().unwrap()).await.is_err());
}
