//! A secret of a channel is in its requests and nowhere else.

use channels::{Answer, Attempt, Kind, Notice, Prepared, Verdict, check, judge, prepare, preview};
use secrecy::ExposeSecret as _;

use crate::setup::{CANARIES, NOW, channel, message};

fn must_be_silent(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
    assert!(!text.contains("CANARY"), "{text}");
}

#[test]
fn nothing_that_is_printed_holds_one() {
    for kind in Kind::ALL {
        for notice in Notice::ALL {
            let (settings, secrets) = channel(kind);
            let message = message(notice);
            let attempt = Attempt {
                message: &message,
                settings: &settings,
                secrets: &secrets,
                handle: None,
                now: NOW,
                may_repeat: false,
            };
            must_be_silent(&format!("{attempt:?}"));
            must_be_silent(&preview(kind, &message));
            let prepared = prepare(kind, &attempt).unwrap();
            must_be_silent(&format!("{prepared:?} {prepared:#?}"));
            match prepared {
                Prepared::Http(request) => must_be_silent(&format!("{request:?}")),
                Prepared::Mail(mail) => must_be_silent(&format!("{mail:?}")),
                Prepared::Skip(_) => {}
            }
        }
    }
}

#[test]
fn what_is_wrong_is_told_without_it() {
    for kind in Kind::ALL {
        let (mut settings, secrets) = channel(kind);
        let mut odd = secrets.clone();
        for (name, value) in &secrets {
            // Once as it must not be, once in the wrong place, once as a name.
            odd.insert(name.clone(), format!("{} \u{0}", value.expose_secret()).into());
            odd.insert(value.expose_secret().to_owned(), "x".into());
            settings.insert(value.expose_secret().to_owned(), "x".into());
            settings.insert("nonsense".into(), value.expose_secret().to_owned());
            settings.insert(name.clone(), value.expose_secret().to_owned());
        }
        for wrong in check(kind, &settings, &odd).unwrap_err() {
            must_be_silent(&format!("{wrong} {wrong:?}"));
        }
    }
}

#[test]
fn what_a_service_echoes_is_taken_out() {
    for kind in Kind::ALL {
        let (_, secrets) = channel(kind);
        for status in [200, 301, 400, 401, 404, 429, 500] {
            for secret in secrets.values() {
                let secret = secret.expose_secret();
                let json = secret.replace('/', "\\/");
                for body in [
                    secret.to_owned(),
                    format!("x{secret}y"),
                    format!("{}{secret}", "z".repeat(250)),
                    format!(
                        "{{\"ok\":false,\"error\":\"{json}\",\"message\":\"{json}\",\"description\":\"{json}\"}}"
                    ),
                    format!("{{\"errors\":[\"routing_key {json}\"],\"message\":\"routing_key\"}}"),
                    format!("{{\"error\":{{\"code\":\"WorkflowNotFound\",\"message\":\"{json}\"}}}}"),
                    secret.chars().flat_map(|c| [c, '\u{0}']).collect(),
                    secret.split('/').next_back().unwrap_or_default().to_owned(),
                ] {
                    let answer = Answer {
                        status,
                        retry_after: Some(secret),
                        body: body.as_bytes(),
                        headers: &|_| Some(secret.to_owned()),
                        secrets: &secrets,
                    };
                    let verdict: Verdict = judge(kind, &answer, NOW);
                    must_be_silent(&format!("{verdict:?} {answer:?}"));
                }
            }
        }
    }
}
