//! Signatures of webhooks, against the vector of the Standard Webhooks libraries' own tests.

use channels::{Kind, Notice, Unverified, new_signing_secret, verify};
use secrecy::{ExposeSecret as _, SecretString};

use crate::setup::{NOW, channel, message};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn verified(secret: &str, signature: &str, body: &[u8], now: i64) -> Result<(), Unverified> {
    verify(
        &SecretString::from(secret),
        (ID, &AT.to_string(), signature),
        body,
        now,
    )
}

#[test]
fn the_vector_of_the_libraries_is_verified() {
    assert_eq!(verified(SECRET, SIGNATURE, BODY, AT), Ok(()));
    let old = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
    assert_eq!(
        verified(&format!("{old} {SECRET}"), SIGNATURE, BODY, AT + 300),
        Ok(())
    );
    let several = format!("v1a,xxxx v1,AAAA {SIGNATURE}");
    assert_eq!(verified(&SECRET[6..], &several, BODY, AT - 300), Ok(()));
}

#[test]
fn everything_else_is_not() {
    use Unverified::{Secret, Signature, Time, Timestamp};
    assert_eq!(verified(SECRET, SIGNATURE, b"{}", AT), Err(Signature));
    assert_eq!(verified(SECRET, "", BODY, AT), Err(Signature));
    assert_eq!(verified(SECRET, "v1,", BODY, AT), Err(Signature));
    assert_eq!(
        verified(SECRET, &SIGNATURE.replace("v1", "v2"), BODY, AT),
        Err(Signature)
    );
    assert_eq!(verified(SECRET, SIGNATURE, BODY, AT + 301), Err(Time));
    assert_eq!(verified(SECRET, SIGNATURE, BODY, AT - 301), Err(Time));
    assert_eq!(verified(SECRET, SIGNATURE, BODY, i64::MIN), Err(Time));
    assert_eq!(verified("whsec_short", SIGNATURE, BODY, AT), Err(Secret));
    assert_eq!(verified("", SIGNATURE, BODY, AT), Err(Secret));
    let other = new_signing_secret().unwrap();
    assert_eq!(
        verified(other.expose_secret(), SIGNATURE, BODY, AT),
        Err(Signature)
    );
    let none = verify(&SecretString::from(SECRET), (ID, "soon", SIGNATURE), BODY, AT);
    assert_eq!(none, Err(Timestamp));
}

#[test]
fn what_is_sent_is_verified_by_each_of_its_secrets() {
    let (settings, mut secrets) = channel(Kind::Webhook);
    let new = new_signing_secret().unwrap();
    let old = SecretString::from(SECRET);
    let both = format!("{}, {}", new.expose_secret(), old.expose_secret());
    secrets.insert("secret".into(), both.into());
    let message = message(Notice::Fired);
    let attempt = channels::Attempt {
        message: &message,
        settings: &settings,
        secrets: &secrets,
        handle: None,
        now: NOW,
        may_repeat: true,
    };
    let channels::Prepared::Http(request) = channels::prepare(Kind::Webhook, &attempt).unwrap() else {
        panic!("no request");
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!(header("webhook-id"), message.id);
    let three = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    for secret in [&new, &old] {
        assert_eq!(verify(secret, three, &request.body, NOW / 1_000), Ok(()));
    }
    let other = new_signing_secret().unwrap();
    assert_eq!(
        verify(&other, three, &request.body, NOW / 1_000),
        Err(Unverified::Signature)
    );
}
