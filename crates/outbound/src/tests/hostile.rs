//! No target of the corpus is connected to, by none of the ways out; and the same targets are, when nothing is judged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::canary::Canary;
use super::corpus::{self, NAMES, REACHES};
use super::names::Names;
use super::{outbound, with_http};
use crate::client::Outbound;
use crate::error::OutboundError;
use crate::request::Request;
use crate::rules::Rules;

/// The ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Get,
    Post,
    Connect,
}

const WAYS: [Way; 3] = [Way::Get, Way::Post, Way::Connect];

impl Way {
    async fn take(
        self,
        outbound: &Outbound,
        url: &str,
        canary: u16,
        rules: &Rules,
    ) -> Result<(), OutboundError> {
        match self {
            Way::Get => outbound.get(url, rules).await.map(|_| ()),
            Way::Post => {
                let request = Request::post(url, "{\"a\":1}").header("content-type", "application/json");
                outbound.send(&request, rules).await.map(|_| ())
            }
            Way::Connect => {
                let (host, port) = corpus::host_and_port(url, canary);
                outbound.connect(host, port).await.map(|_| ())
            }
        }
    }
}

/// Sends every target every way, and wants each refused before anything is connected to.
async fn all_are_refused(outbound: &Outbound, canary: &Canary, rules: &Rules) -> usize {
    let mut calls = 0;
    for way in WAYS {
        for url in corpus::all(canary.port) {
            calls += 1;
            let result = way.take(outbound, &url, canary.port, rules).await;
            match result {
                Err(OutboundError::Refused(_) | OutboundError::LookUp { .. }) => {}
                other => panic!("{way:?} {url:?}: {other:?}"),
            }
        }
    }
    calls
}

#[tokio::test]
async fn no_hostile_target_is_connected_to() {
    let canary = Canary::start().await;
    let names = Names::of(&NAMES);
    let mut calls = 0;
    // Entries that open other ports than the canary's must not open that one.
    let other_ports = "127.0.0.1:1 [::1]:1 localhost:1 both.test:1 cname.test:1";
    for allowed in ["", "receiver.lan 192.168.77.0/24", other_ports] {
        let outbound = outbound(allowed, &names);
        for rules in [with_http(), Rules::default()] {
            calls += all_are_refused(&outbound, &canary, &rules).await;
        }
    }
    let accepted = canary.accepted().await;
    println!("{calls} calls, {} connections", accepted.len());
    assert!(accepted.is_empty(), "{accepted:#?}");
}

/// The control: without judgement exactly the targets that are meant to reach the canary reach it.
#[tokio::test]
async fn without_judgement_the_same_targets_are_connected_to() {
    let names = Names::of(&NAMES);
    let mut reached_by_way = Vec::new();
    for way in WAYS {
        let canary = Canary::start().await;
        let mut outbound = outbound("", &names);
        outbound.guard.off = true;
        let mut reached = Vec::new();
        for url in corpus::all(canary.port) {
            let before = canary.count();
            let rules = Rules {
                connect: Duration::from_secs(2),
                total: Duration::from_secs(3),
                ..with_http()
            };
            let result = way.take(&outbound, &url, canary.port, &rules).await;
            // Whoever was connected to is told of it a moment later.
            for _ in 0..10 {
                if canary.count() > before || is_early(&result) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if canary.count() > before {
                reached.push(url);
            }
        }
        if way != Way::Connect {
            let expected: Vec<String> = REACHES.iter().map(|url| corpus::at(url, canary.port)).collect();
            assert_eq!(Listed(&reached), Listed(&expected), "{way:?}");
        }
        println!(
            "{way:?}: {} of {} reach the canary",
            reached.len(),
            corpus::all(1).len()
        );
        reached_by_way.push(reached.len());
    }
    assert_eq!(reached_by_way, [REACHES.len(), REACHES.len(), REACHED_BY_CONNECT]);
}

/// Taken apart into host and port, some of [`REACHES`] are no host (a user name, a percent sign), and some of the others
/// are one (`ftp://127.0.0.1`).
const REACHED_BY_CONNECT: usize = 82;

fn is_early(result: &Result<(), OutboundError>) -> bool {
    matches!(
        result,
        Err(OutboundError::Refused(_) | OutboundError::LookUp { .. })
    )
}

/// One target in a line, for a failure that can be read.
#[derive(PartialEq)]
struct Listed<'a>(&'a [String]);

impl fmt::Debug for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = |target: &String| target.chars().take(100).collect::<String>();
        self.0
            .iter()
            .try_for_each(|target| write!(f, "\n  {:?}", begins(target)))
    }
}

/// The check that is made before, for whoever types a target, says the same.
#[tokio::test]
async fn what_would_be_refused_is_refused_when_it_is_checked() {
    let names = Names::of(&NAMES);
    let outbound = outbound("", &names);
    for url in corpus::all(9) {
        assert!(outbound.check_url(&url, &with_http()).await.is_err(), "{url:?}");
        let (host, port) = corpus::host_and_port(&url, 9);
        assert!(
            outbound.check_target(host, port).await.is_err(),
            "{host:?} {port}"
        );
    }
}

/// The system's resolver, with the name that every machine has.
#[tokio::test]
async fn localhost_as_the_system_knows_it_is_refused() {
    let canary = Canary::start().await;
    let outbound = Outbound::new("".parse().unwrap());
    for host in ["localhost", "LOCALHOST"] {
        let url = format!("http://{host}:{}/", canary.port);
        let refused = outbound.get(&url, &with_http()).await.unwrap_err();
        assert!(refused.to_string().contains("loopback"), "{refused}");
        outbound.connect(host, canary.port).await.unwrap_err();
    }
    assert!(canary.accepted().await.is_empty());

    let open = Outbound::new(format!("localhost:{}", canary.port).parse().unwrap());
    let url = format!("http://localhost:{}/", canary.port);
    assert_eq!(
        &open.get(&url, &Rules::default()).await.unwrap().body[..],
        b"canary"
    );
    open.connect("localhost", canary.port).await.unwrap();
    assert!(!canary.accepted().await.is_empty());
}

#[test]
fn the_corpus_is_as_large_as_it_says_and_has_no_target_twice() {
    let mut all = corpus::all(1);
    assert!(all.len() >= 120, "{}", all.len());
    let before = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), before);
}

#[test]
fn the_client_can_be_used_from_any_task() {
    fn check<T: Send>(_: T) {}
    let names = Arc::new(Names::default());
    let outbound = outbound("", &names);
    let rules = Rules::default();
    check(outbound.get("https://example.com/", &rules));
    check(outbound.connect("example.com", 25));
}
