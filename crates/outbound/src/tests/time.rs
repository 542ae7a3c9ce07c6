//! No call takes longer than it may, wherever it is held up.

use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::nameless;
use super::receiver::{LONG, Part, Receiver};
use crate::answer::Answer;
use crate::client::Outbound;
use crate::error::{OutboundError, Phase};
use crate::guard::Guard;
use crate::resolver::{Lookup, Resolver};
use crate::rules::Rules;
use crate::tls::Tls;

async fn ask(receiver: &Receiver, rules: &Rules) -> Result<Answer, OutboundError> {
    nameless(&receiver.address.to_string())
        .get(&receiver.url("/"), rules)
        .await
}

/// Rules under which a test need not wait long.
fn soon() -> Rules {
    Rules {
        connect: Duration::from_millis(300),
        total: Duration::from_millis(700),
        ..Rules::default()
    }
}

fn assert_timeout(error: &OutboundError, expected: Phase, started: Instant) {
    assert!(
        matches!(error, OutboundError::Timeout { phase, .. } if *phase == expected),
        "{error}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_slow_drip_ends_when_time_is_up() {
    let mut parts = vec![Part::Bytes(
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec(),
    )];
    for _ in 0..100 {
        parts.extend([
            Part::Bytes(b"x".to_vec()),
            Part::Pause(Duration::from_millis(100)),
        ]);
    }
    let receiver = Receiver::with(parts).await;
    let started = Instant::now();
    let error = ask(&receiver, &soon()).await.unwrap_err();
    assert_timeout(&error, Phase::Read, started);
    assert_eq!(error.status().unwrap(), 200);
    assert!(
        error
            .to_string()
            .contains("reading the answer took longer than 0.7 s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_slow_head_ends_when_time_is_up() {
    let mut parts = vec![Part::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec())];
    for _ in 0..100 {
        parts.extend([
            Part::Bytes(b"x-a: b\r\n".to_vec()),
            Part::Pause(Duration::from_millis(100)),
        ]);
    }
    for parts in [parts, vec![Part::Silence]] {
        let receiver = Receiver::with(parts).await;
        let started = Instant::now();
        let error = ask(&receiver, &soon()).await.unwrap_err();
        assert_timeout(&error, Phase::Wait, started);
        assert_eq!(error.status(), None);
    }
}

/// A listener whose queue is full lets connections wait, as a host does that drops packets.
#[tokio::test]
async fn a_connection_that_never_comes_ends_when_its_time_is_up() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), connect).await {
            Ok(stream) => waiting.push(stream),
            Err(_) => break,
        }
    }
    let started = Instant::now();
    let outbound = nameless("127.0.0.1");
    let error = outbound
        .get(&format!("http://{address}/"), &soon())
        .await
        .unwrap_err();
    assert_timeout(&error, Phase::Connect, started);
}

struct NeverAnswers;

impl Resolver for NeverAnswers {
    fn look_up<'a>(&'a self, _: &'a str, _: u16) -> Lookup<'a> {
        Box::pin(async {
            tokio::time::sleep(LONG).await;
            Ok(Vec::new())
        })
    }
}

#[tokio::test]
async fn a_resolver_that_never_answers_ends_when_time_is_up() {
    let guard = Guard::new("".parse().unwrap());
    let outbound = Outbound::with(guard, Box::new(NeverAnswers), Tls::of_the_system());
    let started = Instant::now();
    let error = outbound.get("https://example.com/", &soon()).await.unwrap_err();
    assert_timeout(&error, Phase::LookUp, started);
}
