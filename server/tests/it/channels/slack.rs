//! Acknowledge, pressed in Slack itself.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Place;
use super::receiver::Say;
use crate::common::now;

const SIGNING: &str = "0123456789abcdef0123456789abcdef";

fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={digits}")
}

fn payload(token: &str) -> String {
    payload_of(token, "U0123", "ada")
}

fn payload_of(token: &str, user: &str, name: &str) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": { "id": user, "username": "x.y", "name": name, "team_id": "T1" },
        "actions": [{ "action_id": "acknowledge", "type": "button", "value": token }],
    });
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &payload.to_string()).finish()
}

async fn press(place: &Place, body: &str, timestamp: &str, signature: &str) -> u16 {
    let answer = place
        .server
        .client
        .post(place.server.url("/hooks/slack"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", signature)
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    answer.status().as_u16()
}

async fn bot(place: &Place, name: &str, secrets: Value) -> Value {
    let said = Say::Json(200, json!({ "ok": true, "channel": "C0123456789", "ts": "1.2" }));
    place.receiver.say([said.clone(), said]);
    place
        .make(json!({
            "name": name, "kind": "slack_bot",
            "settings": { "channel": "C0123456789", "api_url": place.receiver.url("slack") },
            "secrets": secrets,
        }))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_in_slack_takes_the_alert_and_the_message_changes_in_place() {
    let place = Place::start().await;
    let made = bot(
        &place,
        "bot",
        json!({ "token": "xoxb-1", "signing_secret": SIGNING }),
    )
    .await;
    assert_eq!(made["secrets"], json!(["signing_secret", "token"]));
    assert!(!made.to_string().contains(SIGNING), "{made}");
    let alert = place.trip("sonnet").await;
    let first = place.receiver.wait_for(1).await.remove(0);
    assert_eq!(first.path, "slack/chat.postMessage");
    let blocks = &first.json()["attachments"][0]["blocks"];
    let buttons = blocks
        .as_array()
        .unwrap()
        .iter()
        .find(|block| block["type"] == "actions");
    let button = buttons.unwrap()["elements"][0].clone();
    assert_eq!(
        (&button["action_id"], &button["url"]),
        (&json!("acknowledge"), &Value::Null)
    );
    let token = button["value"].as_str().unwrap().to_owned();

    let body = payload(&token);
    let at = (now() / 1_000).to_string();
    let old = (now() / 1_000 - 301).to_string();
    let forged = payload(&token.replace(&format!(".{}.", alert["id"]), ".999."));
    let refused = [
        (
            body.as_str(),
            at.as_str(),
            signature("f".repeat(32).as_str(), &at, &body),
            401,
        ),
        (body.as_str(), old.as_str(), signature(SIGNING, &old, &body), 401),
        (
            body.as_str(),
            at.as_str(),
            signature(SIGNING, &at, &payload("x")),
            401,
        ),
        (body.as_str(), at.as_str(), String::new(), 401),
        (
            forged.as_str(),
            at.as_str(),
            signature(SIGNING, &at, &forged),
            410,
        ),
        (
            "payload=%7B",
            at.as_str(),
            signature(SIGNING, &at, "payload=%7B"),
            401,
        ),
        ("", at.as_str(), signature(SIGNING, &at, ""), 401),
    ];
    for (body, at, signature, status) in refused {
        assert_eq!(
            press(&place, body, at, &signature).await,
            status,
            "{body} {at} {signature}"
        );
    }
    let path = format!("/api/v1/alerts/{}", alert["id"]);
    let (_, found) = place.owner("GET", &path, Value::Null).await;
    assert_eq!(found["alert"]["phase"], "firing", "{found}");

    // A button that leads to a page is told as well, and needs nothing.
    let open = "payload=%7B%22actions%22%3A%5B%7B%22action_id%22%3A%22open%22%7D%5D%7D";
    assert_eq!(press(&place, open, &at, "").await, 200);

    let began = tokio::time::Instant::now();
    assert_eq!(
        press(&place, &body, &at, &signature(SIGNING, &at, &body)).await,
        200
    );
    assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    let (_, found) = place.owner("GET", &path, Value::Null).await;
    assert_eq!(found["alert"]["ack"]["by"]["name"], "ada via Slack", "{found}");
    let second = place.receiver.wait_for(2).await.remove(1);
    assert_eq!(second.path, "slack/chat.update");
    let told = second.json();
    assert_eq!(
        (&told["channel"], &told["ts"]),
        (&json!("C0123456789"), &json!("1.2"))
    );
    assert!(told.to_string().contains("ada via Slack"), "{told}");
    // Twice by the same hand is once; whoever else presses sees in the message who was faster.
    assert_eq!(
        press(&place, &body, &at, &signature(SIGNING, &at, &body)).await,
        200
    );
    let body = payload_of(&token, "U9", "bob");
    assert_eq!(
        press(&place, &body, &at, &signature(SIGNING, &at, &body)).await,
        200
    );
    let (_, found) = place.owner("GET", &path, Value::Null).await;
    assert_eq!(found["alert"]["ack"]["by"]["name"], "ada via Slack", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_signing_secret_the_button_is_a_link_and_no_press_is_believed() {
    let place = Place::start().await;
    bot(&place, "bot", json!({ "token": "xoxb-1" })).await;
    place.trip("sonnet").await;
    let first = place.receiver.wait_for(1).await.remove(0);
    let blocks = &first.json()["attachments"][0]["blocks"];
    let buttons = blocks
        .as_array()
        .unwrap()
        .iter()
        .find(|block| block["type"] == "actions");
    let link = buttons.unwrap()["elements"][0]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = link.split_once("#t=").unwrap().1;
    let body = payload(token);
    let at = (now() / 1_000).to_string();
    for secret in ["", SIGNING] {
        assert_eq!(
            press(&place, &body, &at, &signature(secret, &at, &body)).await,
            401
        );
    }
    // A secret that cannot be one is refused before it is kept.
    let wrong = json!({
        "name": "other", "kind": "slack_bot", "settings": { "channel": "C1" },
        "secrets": { "token": "xoxb-1", "signing_secret": "short" },
    });
    let (status, told) = place.owner("POST", "/api/v1/channels", wrong).await;
    assert_eq!(
        (status, &told["field"]),
        (400, &json!("signing_secret")),
        "{told}"
    );
}
