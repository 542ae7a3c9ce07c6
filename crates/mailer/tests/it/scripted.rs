//! What is told to whom, in which order, and what is made of the answers.

use std::time::Duration;

use channels::{Mail, MailTls, Verdict};
use mailer::Mailer;
use outbound::{Outbound, OutboundError};
use tokio::time::Instant;

use crate::script::{Step, play};
use crate::setup::{PASSWORD, Pair, mail, outbound, with_login};
use Step::{Encrypt, Hang, HangUp, Hear, HearMail, Say};

/// Greeting and what the server can do.
fn hello(offers: &'static str) -> Vec<Step> {
    vec![Say("220 here\r\n"), Hear("EHLO [127.0.0.1]\r\n"), Say(offers)]
}

/// The envelope of [`mail`], the mail, goodbye.
fn takes(last: &'static str) -> Vec<Step> {
    vec![
        Hear("MAIL FROM:<alerts@example.com>\r\n"),
        Say("250 ok\r\n"),
        Hear("RCPT TO:<a@example.org>\r\n"),
        Say("250 ok\r\n"),
        Hear("RCPT TO:<b@example.org>\r\n"),
        Say("250 ok\r\n"),
        Hear("DATA\r\n"),
        Say("354 go\r\n"),
        HearMail,
        Say(last),
        Hear("QUIT\r\n"),
        Say("221 bye\r\n"),
    ]
}

async fn told(mailer: &Mailer, steps: Vec<Step>, change: impl FnOnce(Mail) -> Mail) -> (Verdict, String) {
    let (port, heard) = play(steps).await;
    let mail = change(mail(port, MailTls::None));
    let verdict = mailer.send(&outbound(), &mail).await.unwrap();
    let words = verdict.words();
    assert!(
        !words.contains("CANARY") && !words.contains("Q0FOQVJZ") && words.chars().count() <= 300,
        "{words}"
    );
    assert!(!words.contains(char::is_control));
    (verdict, heard.await.unwrap())
}

fn starttls(mut mail: Mail) -> Mail {
    mail.tls = MailTls::StartTls;
    mail
}

fn encrypted(mut mail: Mail) -> Mail {
    mail.tls = MailTls::Tls;
    mail
}

const NOTHING: &str = "250 here\r\n";

#[tokio::test]
async fn a_mail_arrives_as_it_is() {
    let steps = [
        hello("250-here\r\n250 SIZE 1000\r\n"),
        takes("250 2.0.0 queued as 7\r\n"),
    ]
    .concat();
    let (verdict, heard) = told(&Mailer::new(), steps, |mail| mail).await;
    assert!(
        matches!(&verdict, Verdict::Delivered { words, .. } if words.contains("queued as 7")),
        "{verdict:?}"
    );
    assert!(
        heard.contains("Subject: x\r\n\r\nhello\r\n..\r\n...two\r\n..\r\n.\r\nQUIT\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_login_is_sent_over_tls_in_each_of_the_two_ways() {
    let pair = Pair::new("localhost");
    let plain = "AUTH PLAIN AGFsZXJ0cwBDQU5BUlkgcMOkc3M=\r\n";
    for (offers, login) in [
        (
            "250-here\r\n250 AUTH LOGIN PLAIN\r\n",
            vec![Hear(plain), Say("235 in\r\n")],
        ),
        (
            "250-here\r\n250 auth=login\r\n",
            vec![
                Hear("AUTH LOGIN\r\n"),
                Say("334 VXNlcm5hbWU6\r\n"),
                Hear("YWxlcnRz\r\n"),
                Say("334 UGFzc3dvcmQ6\r\n"),
                Hear("Q0FOQVJZIHDDpHNz\r\n"),
                Say("235 in\r\n"),
            ],
        ),
    ] {
        let starting = [
            hello("250-here\r\n250 STARTTLS\r\n"),
            vec![Hear("STARTTLS\r\n"), Say("220 go\r\n"), Encrypt(pair.server())],
            vec![Hear("EHLO [127.0.0.1]\r\n"), Say(offers)],
            login.clone(),
            takes("250 ok\r\n"),
        ];
        let (verdict, heard) = told(&pair.mailer(), starting.concat(), |mail| {
            starttls(with_login(mail))
        })
        .await;
        assert!(matches!(verdict, Verdict::Delivered { .. }), "{verdict:?}");
        let (before, after) = heard.split_once("(encrypted)").unwrap();
        assert!(!before.contains("AUTH") && !before.contains("MAIL") && after.contains("AUTH"));
        let at_once = [
            vec![Encrypt(pair.server())],
            hello(offers),
            login,
            takes("250 ok\r\n"),
        ];
        let (verdict, _) = told(&pair.mailer(), at_once.concat(), |mail| {
            encrypted(with_login(mail))
        })
        .await;
        assert!(matches!(verdict, Verdict::Delivered { .. }), "{verdict:?}");
    }
}

#[tokio::test]
async fn nothing_is_told_to_a_server_that_cannot_be_trusted() {
    let (trusted, other) = (Pair::new("localhost"), Pair::new("localhost"));
    let elsewhere = Pair::new("mail.example.com");
    for (mailer, server) in [
        (trusted.mailer(), other.server()),
        (Mailer::new(), trusted.server()),
        (elsewhere.mailer(), elsewhere.server()),
    ] {
        let steps = [
            hello("250-here\r\n250 STARTTLS\r\n"),
            vec![Hear("STARTTLS\r\n"), Say("220 go\r\n"), Encrypt(server)],
        ];
        let (verdict, heard) = told(&mailer, steps.concat(), |mail| starttls(with_login(mail))).await;
        assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
        assert!(verdict.words().contains("cannot be trusted"), "{verdict:?}");
        assert!(!heard.contains("AUTH") && !heard.contains("MAIL"));
    }
}

#[tokio::test]
async fn encryption_is_not_talked_away() {
    let pair = Pair::new("localhost");
    let (verdict, heard) = told(&pair.mailer(), hello("250-here\r\n250 AUTH PLAIN\r\n"), |mail| {
        starttls(with_login(mail))
    })
    .await;
    assert!(verdict.words().contains("does not offer STARTTLS"), "{verdict:?}");
    assert_eq!(heard, "EHLO [127.0.0.1]\r\n");
    // Somebody on the way says what the server would say after the encryption.
    let steps = [
        hello("250-here\r\n250 STARTTLS\r\n"),
        vec![
            Hear("STARTTLS\r\n"),
            Say("220 go\r\n250-here\r\n250 AUTH PLAIN\r\n"),
        ],
    ];
    let (verdict, heard) = told(&pair.mailer(), steps.concat(), |mail| starttls(with_login(mail))).await;
    assert!(verdict.words().contains("before the encryption"), "{verdict:?}");
    assert!(heard.ends_with("STARTTLS\r\n"), "{heard}");
    let steps = [
        hello("250-here\r\n250 STARTTLS\r\n"),
        vec![Hear("STARTTLS\r\n"), Say("454 not now\r\n")],
    ];
    let (verdict, _) = told(&pair.mailer(), steps.concat(), starttls).await;
    assert!(
        matches!(verdict, Verdict::Retry { .. }) && verdict.words().contains("454"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn replies_are_understood_at_every_step() {
    let until = |step: usize, says: &'static str| {
        let mut steps = [hello(NOTHING), takes("250 ok\r\n")].concat();
        steps.truncate(step);
        steps.push(Say(says));
        steps
    };
    // After EHLO, MAIL, DATA and the mail itself.
    for step in [2, 4, 10, 12] {
        for (says, meaning) in [
            ("421 4.3.2 closing\r\n", "retry"),
            ("450 4.2.1 busy\r\n", "retry"),
            ("451-one\r\n451 two\r\n", "retry"),
            ("550 5.1.1 nobody\r\n", "refused"),
            ("552 too large\r\n", "refused"),
            ("554 5.7.1 spam\r\n", "refused"),
            ("530 5.7.0 log in first\r\n", "gone"),
            ("hello\r\n", "retry"),
            ("\r\n", "retry"),
            ("+25 x\r\n", "retry"),
            ("HTTP/1.1 400 Bad Request\r\n", "retry"),
        ] {
            let (verdict, _) = told(&Mailer::new(), until(step, says), |mail| mail).await;
            let name = match verdict {
                Verdict::Retry { .. } => "retry",
                Verdict::Refused { .. } => "refused",
                Verdict::Gone { .. } => "gone",
                _ => "else",
            };
            assert_eq!(name, meaning, "{step} {says:?} {verdict:?}");
        }
    }
    let (verdict, _) = told(&Mailer::new(), vec![Say("554 no mail here\r\n")], |mail| mail).await;
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
}

#[tokio::test]
async fn a_refused_login_is_the_end_and_repeats_no_password() {
    let steps = || [hello("250-here\r\n250 AUTH PLAIN\r\n"), vec![Hear("AUTH PLAIN ")]].concat();
    let echo = [
        steps(),
        vec![Say(
            "535 5.7.8 no: AGFsZXJ0cwBDQU5BUlkgcMOkc3M= CANARY p\u{e4}ss Q0FOQVJZIHDDpHNz\r\n",
        )],
    ];
    let (verdict, _) = told(&Mailer::new(), echo.concat(), with_login).await;
    assert!(
        matches!(&verdict, Verdict::Gone { words } if words.contains("535") && words.contains("[secret]")),
        "{verdict:?}"
    );
    assert!(!verdict.words().contains(PASSWORD));
    let later = [steps(), vec![Say("454 4.7.0 later\r\n")]];
    let (verdict, _) = told(&Mailer::new(), later.concat(), with_login).await;
    assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
    let (verdict, heard) = told(
        &Mailer::new(),
        hello("250-here\r\n250 AUTH XOAUTH2\r\n"),
        with_login,
    )
    .await;
    assert!(
        matches!(&verdict, Verdict::Gone { words } if words.contains("no login")),
        "{verdict:?}"
    );
    assert!(!heard.contains("AUTH"));
}

#[tokio::test]
async fn who_does_not_get_it_is_told() {
    let envelope = |first: &'static str, second: &'static str| {
        [
            hello(NOTHING),
            vec![
                Hear("MAIL FROM:"),
                Say("250 ok\r\n"),
                Hear("RCPT TO:<a@example.org>\r\n"),
                Say(first),
                Hear("RCPT TO:<b@example.org>\r\n"),
                Say(second),
            ],
        ]
        .concat()
    };
    let rest = vec![
        Hear("DATA\r\n"),
        Say("354 go\r\n"),
        HearMail,
        Say("250 queued\r\n"),
    ];
    let some = [envelope("550 5.1.1 nobody\r\n", "250 ok\r\n"), rest].concat();
    let (verdict, _) = told(&Mailer::new(), some, |mail| mail).await;
    let words = verdict.words();
    assert!(matches!(verdict, Verdict::Delivered { .. }), "{verdict:?}");
    assert!(
        words.starts_with("1 of 2 receivers refused, the mail server says 550 5.1.1 nobody;"),
        "{words}"
    );
    let none = envelope("550 nobody\r\n", "450 greylisted\r\n");
    let (verdict, heard) = told(&Mailer::new(), none, |mail| mail).await;
    assert!(
        matches!(&verdict, Verdict::Retry { words, .. } if words.contains("450")),
        "{verdict:?}"
    );
    assert!(!heard.contains("DATA"));
    let none = envelope("550 nobody\r\n", "551 nobody\r\n");
    let (verdict, _) = told(&Mailer::new(), none, |mail| mail).await;
    assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
}

#[tokio::test]
async fn a_server_that_hangs_costs_no_more_than_its_time() {
    let mailer = || Mailer::new().within(Duration::from_millis(400));
    let mut before = [hello(NOTHING), takes("250 ok\r\n")].concat();
    before.truncate(12);
    for steps in [
        vec![Hang],
        vec![Say("220-slow\r\n"), Hang],
        vec![Say("220 no end of line"), Hang],
        [hello(NOTHING), vec![Hear("MAIL"), Hang]].concat(),
    ] {
        let started = Instant::now();
        let (port, heard) = play(steps).await;
        let verdict = mailer()
            .send(&outbound(), &mail(port, MailTls::None))
            .await
            .unwrap();
        heard.abort();
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(
            matches!(&verdict, Verdict::Retry { words, .. } if words.contains("longer than 0.4 s") && !words.contains("may have")),
            "{verdict:?}"
        );
    }
    // It heard the whole mail, and said nothing to it.
    for end in [Hang, HangUp] {
        let (port, heard) = play([before.clone(), vec![end]].concat()).await;
        let verdict = mailer()
            .send(&outbound(), &mail(port, MailTls::None))
            .await
            .unwrap();
        heard.abort();
        assert!(
            matches!(&verdict, Verdict::Retry { words, .. } if words.contains("may have the mail")),
            "{verdict:?}"
        );
    }
    // It never says goodbye: the mail is sent all the same.
    let mut last = [hello(NOTHING), takes("250 ok\r\n")].concat();
    last.truncate(13);
    let (port, heard) = play([last, vec![Hang]].concat()).await;
    let verdict = Mailer::new()
        .send(&outbound(), &mail(port, MailTls::None))
        .await
        .unwrap();
    heard.abort();
    assert!(matches!(verdict, Verdict::Delivered { .. }), "{verdict:?}");
}

#[tokio::test]
async fn a_server_that_never_stops_is_stopped() {
    let long: &'static str = Box::leak("220-x\r\n".repeat(100_000).into_boxed_str());
    let wide: &'static str = Box::leak(format!("220 {}", "x".repeat(1_000_000)).into_boxed_str());
    for says in [long, wide] {
        let (port, heard) = play(vec![Say(says), Hang]).await;
        let verdict = Mailer::new()
            .send(&outbound(), &mail(port, MailTls::None))
            .await
            .unwrap();
        heard.abort();
        assert!(
            matches!(&verdict, Verdict::Retry { words, .. } if words.contains("does not speak SMTP")),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn an_envelope_holds_addresses_and_nothing_else() {
    for bad in ["a@b\r\nRCPT TO:<c@d>", "a@b> <c@d", "", "a b@c"] {
        let (verdict, heard) = told(&Mailer::new(), hello(NOTHING), |mut mail| {
            mail.to = vec!["a@example.org".into(), bad.into()];
            mail
        })
        .await;
        assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
        assert_eq!(heard, "EHLO [127.0.0.1]\r\n");
    }
}

#[tokio::test]
async fn the_one_door_out_decides() {
    let mail = mail(25, MailTls::None);
    let error = Mailer::new()
        .send(&Outbound::new("".parse().unwrap()), &mail)
        .await
        .unwrap_err();
    assert!(matches!(error, OutboundError::Refused(_)), "{error}");
}
