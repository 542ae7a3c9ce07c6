//! 24 origins that are not ours × a socket, a change and a read, all with the cookie of somebody who is signed in.

use crate::common::{RawAnswer, TestServer};

/// What a browser, or somebody who sounds like one, says of where it comes from: a name, and the lines of the head.
fn origins(host: &str) -> Vec<(&'static str, String)> {
    let (address, port) = host.rsplit_once(':').unwrap();
    let other = port.parse::<u16>().unwrap().wrapping_add(1);
    let from = |origin: String| format!("host: {host}\r\norigin: {origin}\r\n");
    let own = format!("host: {host}\r\norigin: http://{host}\r\n");
    vec![
        ("absent", format!("host: {host}\r\n")),
        ("null", from("null".into())),
        ("another site", from("http://evil.example".into())),
        ("below us", from(format!("http://sub.{host}"))),
        ("above us", from(format!("http://0.0.1:{port}"))),
        ("longer", from(format!("http://{host}.evil.example"))),
        ("before us", from(format!("http://evil-{host}"))),
        ("another port", from(format!("http://{address}:{other}"))),
        ("https", from(format!("https://{host}"))),
        ("upper case", from(format!("HTTP://{host}"))),
        ("a dot behind", from(format!("http://{address}.:{port}"))),
        ("a user", from(format!("http://user@{host}"))),
        ("us as a user", from(format!("http://{host}@evil.example"))),
        ("decimal", from(format!("http://2130706433:{port}"))),
        ("hexadecimal", from(format!("http://0x7f.1:{port}"))),
        ("IPv6", from(format!("http://[::1]:{port}"))),
        ("IPv4 as IPv6", from(format!("http://[::ffff:127.0.0.1]:{port}"))),
        ("punycode", from(format!("http://xn--lcalhost-p8a:{port}"))),
        ("another name of ours", from(format!("http://localhost:{port}"))),
        ("two at once", format!("{own}origin: http://evil.example\r\n")),
        ("a list", from(format!("http://{host}, http://evil.example"))),
        (
            "a rebound name",
            format!("host: evil.example:{port}\r\norigin: http://evil.example:{port}\r\n"),
        ),
        ("a forwarded host", format!("{own}x-forwarded-host: {host}\r\n")),
        (
            "a forwarded address",
            format!("{own}x-forwarded-for: 127.0.0.1\r\n"),
        ),
    ]
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Socket,
    Change,
    Read,
}

async fn ask(server: &TestServer, asked: Asked, lines: &str) -> RawAnswer {
    let cookie = format!("cookie: {}\r\n", server.cookie);
    let request = match asked {
        Asked::Socket => format!(
            "GET /ws/v1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}{cookie}\r\n"
        ),
        Asked::Change => format!(
            "POST /login HTTP/1.1\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: 30\r\n{lines}{cookie}\r\nemail=a%40b.example&password=xx"
        ),
        Asked::Read => {
            format!("GET /api/v1/board HTTP/1.1\r\nconnection: close\r\n{lines}{cookie}\r\n")
        }
    };
    server.raw(&request).await
}

/// What is wrong with these answers. A read without an origin is what our own pages send.
fn judge(answers: &[(&'static str, Asked, RawAnswer)]) -> Vec<String> {
    let wrong = |(name, asked, answer): &&(&str, Asked, RawAnswer)| {
        let wanted = if (*name, *asked) == ("absent", Asked::Read) {
            200
        } else {
            403
        };
        answer.status != wanted || (wanted == 403 && !answer.body.contains("urn:fuseboard:problem:"))
    };
    let told =
        |(name, asked, answer): &(&str, Asked, RawAnswer)| format!("{name}, {asked:?}: {}", answer.status);
    answers.iter().filter(wrong).map(told).collect()
}

async fn answers(
    server: &TestServer,
    lines: impl Fn(&'static str, String) -> String,
) -> Vec<(&'static str, Asked, RawAnswer)> {
    let mut answers = Vec::new();
    for (name, said) in origins(&server.address.to_string()) {
        let said = lines(name, said);
        for asked in [Asked::Socket, Asked::Change, Asked::Read] {
            answers.push((name, asked, ask(server, asked, &said).await));
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn of_24_origins_none_gets_anything() {
    let server = TestServer::start().await;
    let answers = answers(&server, |_, lines| lines).await;
    assert_eq!(answers.len(), 72);
    assert_eq!(judge(&answers), [""; 0]);
    println!("{} answers, each as it should be", answers.len());
    assert!(server.stop().await);
}

/// The control: our own page, under the same names. Everything gets in, and the judge says so.
#[tokio::test(flavor = "multi_thread")]
async fn the_judge_of_origins_can_say_no() {
    let server = TestServer::start().await;
    let host = server.address;
    let own = format!("host: {host}\r\norigin: http://{host}\r\n");
    let answers = answers(&server, |_, _| own.clone()).await;
    for (name, asked, answer) in &answers {
        let wanted: &[u16] = match asked {
            Asked::Socket => &[101],
            // The password is wrong, the form is looked at; after some of them whoever sends it waits.
            Asked::Change => &[422, 429],
            Asked::Read => &[200],
        };
        assert!(wanted.contains(&answer.status), "{name} {asked:?}: {answer:?}");
    }
    // All but the read of the first, for which this is the right answer.
    assert_eq!(judge(&answers).len(), 71);
    assert!(server.stop().await);
}
