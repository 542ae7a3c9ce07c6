//! Presses of buttons in Slack: what is believed, and what the button says.

use channels::{Kind, Notice, Pressed, Unverified, read_press, verify_slack};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::setup::{self, NOW, message};

/// Slack's own example: <https://docs.slack.dev/authentication/verifying-requests-from-slack/>
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const AT: i64 = 1_531_420_618;
const SIGNED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

fn told(secret: &str, timestamp: &str, signature: &str, body: &str, now: i64) -> Result<(), Unverified> {
    let secret = SecretString::from(secret.to_owned());
    verify_slack(&secret, (timestamp, signature), body.as_bytes(), now)
}

#[test]
fn what_slack_signs_is_believed_for_five_minutes_and_nothing_else_is() {
    let at = AT.to_string();
    assert_eq!(told(SECRET, &at, SIGNED, BODY, AT), Ok(()));
    assert_eq!(told(SECRET, &at, SIGNED, BODY, AT + 300), Ok(()));
    assert_eq!(told(SECRET, &at, SIGNED, BODY, AT + 301), Err(Unverified::Time));
    assert_eq!(told(SECRET, &at, SIGNED, BODY, AT - 301), Err(Unverified::Time));
    assert_eq!(told(SECRET, "soon", SIGNED, BODY, AT), Err(Unverified::Timestamp));
    let later = (AT + 1).to_string();
    let wrong = [
        ("other", at.as_str(), SIGNED, BODY),
        (SECRET, later.as_str(), SIGNED, BODY),
        (SECRET, at.as_str(), SIGNED, &BODY[1..]),
        (SECRET, at.as_str(), &SIGNED[3..], BODY),
        (SECRET, at.as_str(), &SIGNED[..65], BODY),
        (SECRET, at.as_str(), "v0=", BODY),
        (SECRET, at.as_str(), "", BODY),
    ];
    for (secret, at, signature, body) in wrong {
        let found = told(secret, at, signature, body, AT);
        assert_eq!(found, Err(Unverified::Signature), "{signature}");
    }
}

fn form(payload: &Value) -> Vec<u8> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &payload.to_string());
    form.finish().into_bytes()
}

#[test]
fn a_press_says_which_button_and_who() {
    let press = |action: Value, user: Value| {
        read_press(&form(
            &json!({"type": "block_actions", "user": user, "actions": [action]}),
        ))
    };
    let ack = json!({"action_id": "acknowledge", "value": "default.1.2.3.mac"});
    let ada = json!({"id": "U0123", "username": "ada.l", "name": "ada"});
    assert_eq!(
        press(ack.clone(), ada),
        Some(Pressed::Acknowledge {
            token: "default.1.2.3.mac".into(),
            user: "U0123".into(),
            name: "ada".into(),
        })
    );
    let odd = json!({"id": "U0<>\r\n1", "name": " \u{202e} ", "username": "a\r\nb"});
    let Some(Pressed::Acknowledge { user, name, .. }) = press(ack.clone(), odd) else {
        panic!("no press");
    };
    assert_eq!((user.as_str(), name.as_str()), ("U01", "a b"));
    let Some(Pressed::Acknowledge { name, .. }) = press(ack, Value::Null) else {
        panic!("no press");
    };
    assert_eq!(name, "somebody");
    let open = json!({"action_id": "open", "url": "https://ops.example.com/alerts/12"});
    assert_eq!(press(open, Value::Null), Some(Pressed::Other));
    assert_eq!(
        press(json!({"action_id": "acknowledge"}), Value::Null),
        Some(Pressed::Other)
    );
    for nothing in [
        &b""[..],
        b"{}",
        b"payload=",
        b"payload=%7B",
        b"\xff\xfe",
        b"payloads=%7B%7D",
    ] {
        assert_eq!(read_press(nothing), None);
    }
}

#[test]
fn the_button_needs_no_browser_once_presses_can_be_verified() {
    let mut told = message(Notice::Fired);
    told.ack_link = Some("https://ops.example.com/ack#t=default.12.3.99.mac".into());
    let button = |signing: bool, told: &channels::Message| {
        let (settings, mut secrets) = setup::channel(Kind::SlackBot);
        if signing {
            let secret = SecretString::from("0123456789abcdef0123456789abcdef".to_owned());
            secrets.insert("signing_secret".into(), secret);
        }
        let attempt = channels::Attempt {
            message: told,
            settings: &settings,
            secrets: &secrets,
            handle: None,
            now: NOW,
            may_repeat: false,
        };
        let channels::Prepared::Http(request) = channels::prepare(Kind::SlackBot, &attempt).unwrap() else {
            panic!("no request");
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let blocks = body["attachments"][0]["blocks"].as_array().unwrap().clone();
        let buttons = blocks.iter().find(|block| block["type"] == "actions").unwrap();
        buttons["elements"][0].clone()
    };
    let with = button(true, &told);
    assert_eq!(with["value"], "default.12.3.99.mac");
    assert_eq!(
        (&with["action_id"], &with["url"]),
        (&json!("acknowledge"), &Value::Null)
    );
    let without = button(false, &told);
    assert_eq!(
        (&without["value"], without["url"].is_string()),
        (&Value::Null, true)
    );
    // A link without a token stays a link.
    told.ack_link = Some("https://ops.example.com/ack".into());
    assert!(button(true, &told)["url"].is_string());
}
