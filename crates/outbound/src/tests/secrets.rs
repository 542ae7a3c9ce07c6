//! What an error, a request or an answer shows never holds what may be a secret.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::time::Duration;

use super::names::Names;
use super::receiver::{Part, Receiver, closed_port, whole};
use super::{outbound, with_http};
use crate::error::OutboundError;
use crate::request::Request;
use crate::rules::Rules;

const SECRET: &str = "s3cr3tcanary";

/// Everything that an error can be made to say.
fn told(error: &OutboundError) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut source = error.source();
    while let Some(inner) = source {
        write!(text, "{inner}\n{inner:?}\n").unwrap();
        source = inner.source();
    }
    text
}

fn shown(what: &impl Debug) -> String {
    format!("{what:?}\n{what:#?}")
}

#[tokio::test]
async fn errors_of_every_kind_are_silent_about_the_rest_of_the_url() {
    let slow = Receiver::with(vec![Part::Silence]).await;
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec();
    let slow_body = Receiver::with(vec![Part::Bytes(head), Part::Silence]).await;
    let long = Receiver::answering(whole("200 OK", &[], &[b'x'; 100_000])).await;
    let many = Receiver::answering(whole("200 OK", &[&format!("x: {}", "v".repeat(20_000))], b"")).await;
    let broken = Receiver::answering("no http").await;
    let (nobody, _kept) = closed_port();
    let names = Names::of(&[("private.test", "10.0.0.5"), ("zone.test", "fe80::1%2")]);
    let outbound = outbound("127.0.0.1", &names);
    let rules = Rules {
        total: Duration::from_millis(400),
        connect: Duration::from_millis(200),
        ..with_http()
    };
    let rest = format!("/{SECRET}?key={SECRET}");
    let urls = [
        // Timeout, Broken, AnswerTooLong, AnswerHeaders, Connect (by TCP, by TLS), LookUp.
        slow.url(&rest),
        slow_body.url(&rest),
        broken.url(&rest),
        long.url(&rest),
        many.url(&rest),
        format!("http://127.0.0.1:{nobody}{rest}"),
        format!("https://{}{rest}", broken.address),
        format!("https://unknown.test{rest}"),
        // Refusals.
        format!("https://private.test{rest}"),
        format!("https://zone.test{rest}"),
        format!("https://10.0.0.1{rest}"),
        format!("https://{SECRET}:{SECRET}@example.com{rest}"),
        format!("https://{SECRET}@example.com{rest}"),
        format!("https://example.com{rest}#{SECRET}"),
        format!("https://example.com:0{rest}"),
        format!("https://example.com:{SECRET}{rest}"),
        format!("https://exa$mple.com{rest}"),
        format!("https://exa mple.com{rest}"),
        format!("https://[{SECRET}{rest}"),
        format!("https://example.com{rest}{}", "x".repeat(3_000)),
        format!("{SECRET}://example.com{rest}"),
        format!("{SECRET}:x"),
        SECRET.to_owned(),
    ];
    let mut kinds = std::collections::BTreeSet::new();
    for url in &urls {
        let request = Request::post(url, SECRET).header("authorization", format!("Bearer {SECRET}"));
        let error = outbound.send(&request, &rules).await.unwrap_err();
        let text = told(&error);
        assert!(!text.contains(SECRET), "{text}");
        kinds.insert(
            format!("{error:?}")
                .split([' ', '{', '('])
                .next()
                .unwrap()
                .to_owned(),
        );
    }
    let expected = [
        "AnswerHeaders",
        "AnswerTooLong",
        "Broken",
        "Connect",
        "LookUp",
        "Refused",
        "Timeout",
    ];
    assert_eq!(Vec::from_iter(kinds), expected, "each kind was tried");
}

#[tokio::test]
async fn refused_headers_and_methods_are_not_repeated() {
    let outbound = outbound("", &Names::of(&[]));
    let get = || Request::get("https://example.com/");
    for request in [
        get().header(&format!("{SECRET} x"), "v"),
        get().header("x-a", format!("{SECRET}\r\nx: y")),
        get().header("cookie", SECRET),
        get().header("x-a", SECRET.repeat(5_000)),
        Request::new(SECRET, "https://example.com/"),
        get().body(SECRET.repeat(200_000)),
    ] {
        let error = outbound.send(&request, &Rules::default()).await.unwrap_err();
        assert!(error.is_refusal() && !told(&error).contains(SECRET), "{error}");
    }
}

#[tokio::test]
async fn requests_and_answers_are_shown_without_what_they_carry() {
    let header = format!("x-token: {SECRET}");
    let receiver = Receiver::answering(whole("200 OK", &[&header], SECRET.as_bytes())).await;
    let url = receiver.url(&format!("/{SECRET}"));
    let request = Request::post(&url, SECRET).header("x-key", SECRET);
    assert!(!shown(&request).contains(SECRET));
    let outbound = outbound("127.0.0.1", &Names::of(&[]));
    let answer = outbound.send(&request, &Rules::default()).await.unwrap();
    assert_eq!(&answer.body[..], SECRET.as_bytes());
    assert!(!shown(&answer).contains(SECRET) && shown(&answer).contains("200"));
    let target = outbound.check_url(&url, &Rules::default()).await.unwrap();
    assert!(!shown(&target).contains(SECRET) && !target.to_string().contains(SECRET));
}

/// The other half: what an operator needs is there.
#[tokio::test]
async fn errors_say_what_was_refused_and_why() {
    let names = Names::of(&[
        ("private.test", "10.0.0.5"),
        ("nat.test", "64:ff9b::1"),
        ("zone.test", "fe80::1%2"),
    ]);
    let outbound = outbound("", &names);
    for (url, expected) in [
        (
            "https://private.test:8443/x",
            "https://private.test:8443: 10.0.0.5 is private, which is refused: neither the host nor a range with this address is on the allow-list",
        ),
        (
            "https://169.254.169.254/x",
            "https://169.254.169.254: 169.254.169.254 is a cloud's metadata service, which is refused: only this one address on the allow-list would open it",
        ),
        (
            "https://0x0/x",
            "https://0.0.0.0: 0.0.0.0 is unspecified, which is refused: nothing opens it",
        ),
        (
            "https://nat.test/",
            "https://nat.test: 64:ff9b::1 is NAT64, which is refused: the allow-list needs a range with this address, and what lies behind it must be permitted too",
        ),
        (
            "https://zone.test/",
            "https://zone.test: fe80::1 counts on one interface only (it has a zone), which is refused",
        ),
        (
            "http://example.com/x",
            "http://example.com: http is only for targets that the allow-list names; use https, or let an administrator add this host",
        ),
        (
            "https://u:p@example.com/x",
            "https://example.com: the URL has a user name or a password in it; give them as a header",
        ),
        ("ftp://example.com/x", "the URL must begin with https://"),
        (
            "https://unknown.test/x",
            "https://unknown.test: the host cannot be looked up: no such name",
        ),
    ] {
        let error = outbound.get(url, &Rules::default()).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
