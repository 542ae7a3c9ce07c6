//! What comes back is bounded in bytes, and what goes out is what was asked for.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::Instant;

use super::nameless;
use super::names::Names;
use super::receiver::{Part, Receiver, closed_port, whole};
use crate::answer::{Answer, MOST_ANSWER_HEADERS};
use crate::error::{OutboundError, Refusal};
use crate::request::Request;
use crate::rules::{MOST_ANSWER, Rules};

const LIMIT: usize = 64 * 1024;

async fn ask(receiver: &Receiver, rules: &Rules) -> Result<Answer, OutboundError> {
    nameless(&receiver.address.to_string())
        .get(&receiver.url("/"), rules)
        .await
}

async fn answered(bytes: Vec<u8>) -> Result<Answer, OutboundError> {
    ask(&Receiver::answering(bytes).await, &Rules::default()).await
}

#[tokio::test]
async fn the_receiver_on_the_list_is_reached_and_sees_what_was_sent() {
    let receiver = Receiver::start().await;
    let request = Request::post(&receiver.url("/a/b?c=%0d%0aX-Injected:%201"), "{\"a\":1}")
        .header("Content-Type", "application/json")
        .header("webhook-id", "msg_1");
    let outbound = nameless("127.0.0.1");
    let answer = outbound.send(&request, &Rules::default()).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"ok"[..]));

    let sent = receiver.requests().remove(0);
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
    assert_eq!(lines.remove(0), "POST /a/b?c=%0d%0aX-Injected:%201 HTTP/1.1");
    lines.sort();
    let host = format!("host: {}", receiver.address);
    let expected = [
        "accept-encoding: identity",
        "accept: */*",
        "content-length: 7",
        "content-type: application/json",
        &host,
        "user-agent: Fuseboard",
        "webhook-id: msg_1",
    ];
    assert_eq!(
        lines, expected,
        "and no version, cookie, referer or anything else"
    );
    assert_eq!(body, "{\"a\":1}");
}

#[tokio::test]
async fn cookies_are_not_kept_and_connections_are_not_used_again() {
    let receiver = Receiver::answering(whole(
        "200 OK",
        &["set-cookie: a=b", "connection: keep-alive"],
        b"ok",
    ))
    .await;
    let outbound = nameless("127.0.0.1");
    for _ in 0..3 {
        outbound.get(&receiver.url("/"), &Rules::default()).await.unwrap();
    }
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3);
    assert!(!requests.concat().to_ascii_lowercase().contains("cookie"));
}

#[tokio::test]
async fn an_answer_of_the_limit_is_read_and_one_byte_more_is_an_error() {
    assert_eq!(
        answered(whole("200 OK", &[], &[b'x'; LIMIT]))
            .await
            .unwrap()
            .body
            .len(),
        LIMIT
    );
    let chunked = |size: usize| {
        let mut bytes =
            format!("HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n{size:x}\r\n").into_bytes();
        bytes.extend(vec![b'x'; size]);
        bytes.extend(b"\r\n0\r\n\r\n");
        bytes
    };
    let until_close = |size: usize| [b"HTTP/1.1 202 Accepted\r\n\r\n".to_vec(), vec![b'x'; size]].concat();
    assert_eq!(answered(chunked(LIMIT)).await.unwrap().body.len(), LIMIT);
    assert_eq!(answered(until_close(LIMIT)).await.unwrap().body.len(), LIMIT);
    for bytes in [
        whole("202 Accepted", &[], &[b'x'; LIMIT + 1]),
        chunked(LIMIT + 1),
        until_close(LIMIT + 1),
        chunked(5_000_000),
    ] {
        let error = answered(bytes).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::AnswerTooLong { limit: LIMIT, .. }),
            "{error}"
        );
        assert_eq!(error.status().unwrap(), 202, "the receiver has taken it");
    }
}

/// Nothing is read that its length says is too much; and a length that lies helps nobody.
#[tokio::test]
async fn a_length_is_believed_only_when_it_is_too_long() {
    let started = Instant::now();
    let parts = vec![
        Part::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx".to_vec()),
        Part::Silence,
    ];
    let error = ask(&Receiver::with(parts).await, &Rules::default())
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::AnswerTooLong { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let short = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec())
        .await
        .unwrap_err();
    assert!(
        matches!(short, OutboundError::Broken { status: Some(_), .. }),
        "{short}"
    );
    let more = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokGARBAGE".to_vec())
        .await
        .unwrap();
    assert_eq!(&more.body[..], b"ok");
}

#[tokio::test]
async fn a_caller_may_read_more_up_to_a_limit_of_its_own() {
    let receiver = Receiver::answering(whole("200 OK", &[], &[b'x'; 300_000])).await;
    let rules = |most_answer| Rules {
        most_answer,
        ..Rules::default()
    };
    assert_eq!(ask(&receiver, &rules(300_000)).await.unwrap().body.len(), 300_000);
    let error = ask(&receiver, &rules(299_999)).await.unwrap_err();
    assert!(
        matches!(error, OutboundError::AnswerTooLong { limit: 299_999, .. }),
        "{error}"
    );
    let error = ask(&receiver, &rules(MOST_ANSWER + 1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            OutboundError::Refused(Refusal::Rule {
                field: "most_answer",
                ..
            })
        ),
        "{error}"
    );
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn compressed_answers_are_not_unpacked() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 20_000_000]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < LIMIT, "{}", bomb.len());
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let header = format!("content-encoding: {encoding}");
        let answer = answered(whole("200 OK", &[&header], &bomb)).await.unwrap();
        assert_eq!(answer.body, bomb);
        assert_eq!(answer.headers["content-encoding"], encoding);
    }
}

#[tokio::test]
async fn headers_of_an_answer_are_bounded() {
    let answer = |count: usize, size: usize| {
        let value = "v".repeat(size);
        let headers: Vec<String> = (0..count).map(|i| format!("x-{i}: {value}")).collect();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        whole("200 OK", &headers, b"ok")
    };
    answered(answer(MOST_ANSWER_HEADERS - 1, 10)).await.unwrap();
    answered(answer(MOST_ANSWER_HEADERS, 10)).await.unwrap_err();
    answered(answer(15, 1_000)).await.unwrap();
    let error = answered(answer(17, 1_000)).await.unwrap_err();
    assert!(matches!(error, OutboundError::AnswerHeaders { .. }), "{error}");
    assert_eq!(error.status().unwrap(), 200);
    answered(answer(1, 10_000_000)).await.unwrap_err();
}

#[tokio::test]
async fn what_is_no_http_is_told() {
    for bytes in [
        &b""[..],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n\x00: b\r\n\r\n",
    ] {
        let error = answered(bytes.to_vec()).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::Broken { status: None, .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn nobody_listening_is_told_as_such() {
    let (port, _kept) = closed_port();
    let names = Names::of(&[("two.test", "127.0.0.1 127.0.0.2")]);
    let outbound = super::outbound("two.test", &names);
    let error = outbound
        .get(&format!("http://two.test:{port}/"), &Rules::default())
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::Connect { .. }), "{error}");
    assert!(
        error.to_string().to_ascii_lowercase().contains("refused"),
        "{error}"
    );
    let error = outbound.connect("two.test", port).await.unwrap_err();
    assert!(matches!(error, OutboundError::Connect { .. }), "{error}");
}

/// Of several addresses the one that answers will do, for both ways out.
#[tokio::test]
async fn an_address_that_does_not_answer_leaves_the_others() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let names = Names::of(&[("two.test", "127.0.0.2 ::1 127.0.0.1")]);
    let outbound = super::outbound("two.test", &names);
    outbound
        .get(&format!("http://two.test:{port}/"), &Rules::default())
        .await
        .unwrap();
    let stream = outbound.connect("two.test", port).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), receiver.address);
}

#[tokio::test]
async fn the_usual_times_are_ten_and_fifteen_seconds() {
    let rules = Rules::default();
    assert_eq!((rules.connect.as_secs(), rules.total.as_secs()), (10, 15));
    assert_eq!((rules.most_answer, rules.http), (LIMIT, false));
}

#[tokio::test]
async fn http_is_for_the_list_or_for_rules_that_say_so() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let names = Names::of(&[("inside.test", "127.0.0.1"), ("public.test", "93.184.215.14")]);
    let named = super::outbound("inside.test", &names);
    named
        .get(&format!("http://inside.test:{port}/"), &Rules::default())
        .await
        .unwrap();
    // A range opens the address, and is no word on http for whatever name turns out to lead there.
    let ranged = super::outbound("127.0.0.0/8", &names);
    let url = format!("http://inside.test:{port}/");
    let error = ranged.get(&url, &Rules::default()).await.unwrap_err();
    assert!(
        matches!(error, OutboundError::Refused(Refusal::Http { .. })),
        "{error}"
    );
    ranged.get(&url, &super::with_http()).await.unwrap();
    ranged.get(&receiver.url("/"), &Rules::default()).await.unwrap();
    let error = ranged
        .check_url("http://public.test/", &Rules::default())
        .await
        .unwrap_err();
    assert!(
        matches!(error, OutboundError::Refused(Refusal::Http { .. })),
        "{error}"
    );
    ranged
        .check_url("http://public.test/", &super::with_http())
        .await
        .unwrap();
    ranged
        .check_url("https://public.test/", &Rules::default())
        .await
        .unwrap();
}
