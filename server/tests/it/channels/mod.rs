//! Channels end to end: an alert reaches a receiver on this machine, once, signed, retried, and never to where it must
//! not go.

mod named;
pub mod receiver;
mod slack;

use std::time::Duration;

use crate::common::people::member;
use crate::common::{TestServer, now, transition};
use channels::verify;
use receiver::{Receiver, Say};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::lifecycle::Options;
use store::Role;

const SIGNING: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

const OTHER: &str = "whsec_ODk4OTg5ODk4OTg5ODk4OTg5ODk4OTg5ODk4OTg5ODk=";

struct Place {
    server: TestServer,
    receiver: Receiver,
}

impl Place {
    async fn start() -> Place {
        let receiver = Receiver::start().await;
        let toml = format!("[outbound]\nallow = [\"{}\"]\n", receiver.address);
        let server = TestServer::start_configured(&toml, Options::default()).await;
        Place { server, receiver }
    }

    async fn send(&self, verb: &str, path: &str, cookie: &str, body: Value) -> (u16, Value) {
        let server = &self.server;
        let answer = server
            .client
            .request(verb.parse().unwrap(), server.url(path))
            .header("origin", format!("http://{}", server.address))
            .header("cookie", cookie)
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn owner(&self, verb: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(verb, path, &self.server.cookie, body).await
    }

    fn webhook(&self, name: &str) -> Value {
        json!({
            "name": name,
            "kind": "webhook",
            "secrets": { "url": self.receiver.url(name), "secret": SIGNING },
        })
    }

    async fn make(&self, channel: Value) -> Value {
        let (status, made) = self.owner("POST", "/api/v1/channels", channel).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    /// Trips a breaker; the alert, once it is there.
    async fn trip(&self, breaker: &str) -> Value {
        let _: Value = self.server.read("/api/v1/rules").await;
        self.server.accept(&transition(breaker, "open")).await;
        for _ in 0..200 {
            let list: Value = self.server.read("/api/v1/alerts").await;
            let open = list["items"].as_array().unwrap().iter();
            let mut ours = open.filter(|alert| alert["title"].as_str().unwrap().contains(breaker));
            if let Some(alert) = ours.next() {
                return alert.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no alert within five seconds")
    }

    async fn deliveries(&self, query: &str) -> Vec<Value> {
        let (status, list) = self
            .owner("GET", &format!("/api/v1/deliveries{query}"), Value::Null)
            .await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().clone()
    }

    /// The newest delivery, once it is in this state.
    async fn delivery(&self, state: &str) -> Value {
        for _ in 0..400 {
            let found = self.deliveries("").await;
            if let Some(one) = found.first().filter(|one| one["state"] == state) {
                return one.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no {state} delivery: {:?}", self.deliveries("").await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_told_from_its_beginning_to_its_end() {
    let place = Place::start().await;
    let made = place.make(place.webhook("ops")).await;
    assert_eq!(made["enabled"], true);
    assert_eq!(made["secrets"], json!(["secret", "url"]));
    assert!(
        !made.to_string().contains(&place.receiver.address.to_string()),
        "{made}"
    );

    let alert = place.trip("sonnet").await;
    let got = place.receiver.wait_for(1).await.remove(0);
    assert_eq!(got.path, "ops");
    let id = format!("default.alert.{}", alert["id"]);
    assert!(got.header("webhook-id").starts_with(&id), "{:?}", got.headers);
    let secret = SecretString::from(SIGNING.to_owned());
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| got.header(name));
    let [id, timestamp, signature] = &names;
    verify(&secret, (id, timestamp, signature), &got.body, now() / 1_000).unwrap();
    let body = got.json();
    assert_eq!(body["type"], "alert.fired");
    assert!(body.to_string().contains("Breaker open"), "{body}");

    let ada = member(place.server.running(), "ada", Role::Operator, "default").await;
    let path = format!("/api/v1/alerts/{}/ack", alert["id"]);
    let (status, _) = place.send("POST", &path, &ada, json!({ "note": "on it" })).await;
    assert_eq!(status, 200);
    let got = place.receiver.wait_for(2).await.remove(1);
    assert_eq!(got.json()["type"], "alert.acknowledged");
    assert!(got.json().to_string().contains("ada"));

    place.server.accept(&transition("sonnet", "closed")).await;
    let got = place.receiver.wait_for(3).await.remove(2);
    assert_eq!(got.json()["type"], "alert.resolved");
    let told = place.delivery("delivered").await;
    assert_eq!(
        (&told["notice"], &told["attempts"]),
        (&json!("resolved"), &json!(1))
    );
    assert_eq!(told["channel_name"], "ops");
    assert_eq!(
        place.deliveries(&format!("?alert={}", alert["id"])).await.len(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_under_the_same_name() {
    let place = Place::start().await;
    place.make(place.webhook("ops")).await;
    place.receiver.say([Say::Later(1), Say::Status(503)]);
    place.trip("sonnet").await;
    let got = place.receiver.wait_for(3).await;
    let ids: Vec<String> = got.iter().map(|got| got.header("webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(got[0].body, got[2].body);
    let told = place.delivery("delivered").await;
    assert_eq!((&told["attempts"], &told["unsure"]), (&json!(3), &json!(false)));
    let (_, detail) = place
        .owner("GET", &format!("/api/v1/deliveries/{}", told["id"]), Value::Null)
        .await;
    let words: Vec<&str> = detail["tries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["words"].as_str().unwrap())
        .collect();
    assert!(words[0].contains("429") && words[1].contains("503"), "{words:?}");
    assert!(detail["tries"][2]["took"].is_number());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_switches_its_channel_off_and_others_are_told() {
    let place = Place::start().await;
    let ops = place.make(place.webhook("ops")).await;
    place.receiver.say([Say::Status(410)]);
    place.trip("sonnet").await;
    let dead = place.delivery("dead").await;
    let path = format!("/api/v1/channels/{}", ops["id"]);
    let (_, off) = place.owner("GET", &path, Value::Null).await;
    assert!(off["trouble"].as_str().unwrap().contains("410"), "{off}");
    let html = place.server.html("/alerts").await;
    assert!(html.contains("A channel is off"), "the bar says so");

    // Switched on again, what is dead can be tried again.
    let mut again = place.webhook("ops");
    again["secrets"] = json!({});
    let (status, on) = place.owner("PUT", &path, again).await;
    assert_eq!((status, &on["trouble"]), (200, &Value::Null), "{on}");
    let replay = format!("/api/v1/deliveries/{}/replay", dead["id"]);
    assert_eq!(place.owner("POST", &replay, Value::Null).await.0, 202);
    assert_eq!(place.delivery("delivered").await["id"], dead["id"]);
    assert_eq!(place.owner("POST", &replay, Value::Null).await.0, 409);

    // With a second channel there is somebody to tell.
    place.make(place.webhook("night")).await;
    place.receiver.say([Say::Status(410), Say::Status(410)]);
    let test = format!("{path}/test");
    assert_eq!(place.owner("POST", &test, Value::Null).await.0, 202);
    let count = place.receiver.got().len();
    let got = place.receiver.wait_for(count.max(4)).await;
    let told = got.iter().rev().find(|got| got.path == "night");
    let told = match told {
        Some(told) => told.clone(),
        None => place.receiver.wait_for(got.len() + 1).await.pop().unwrap(),
    };
    assert_eq!(told.json()["type"], "fuseboard.trouble", "{}", told.json());
    assert!(told.json().to_string().contains("Channel off: ops"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_its_own_channel_only() {
    let place = Place::start().await;
    let slow = place.make(place.webhook("slow")).await;
    place.receiver.say([Say::Nothing(Duration::from_secs(8))]);
    let test = format!("/api/v1/channels/{}/test", slow["id"]);
    assert_eq!(place.owner("POST", &test, Value::Null).await.0, 202);
    place.receiver.wait_for(1).await;
    let ops = place.make(place.webhook("ops")).await;
    let test = format!("/api/v1/channels/{}/test", ops["id"]);
    assert_eq!(place.owner("POST", &test, Value::Null).await.0, 202);
    let got = place.receiver.wait_for(2).await;
    assert_eq!(got[1].path, "ops");
    let waiting = place.deliveries("?state=waiting").await;
    assert_eq!(waiting.len(), 1, "the slow one is under way still: {waiting:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let place = Place::start().await;
    let wrong = [
        (
            json!({ "name": "", "kind": "webhook", "secrets": { "url": place.receiver.url("x") } }),
            "name",
        ),
        (json!({ "name": "a", "kind": "pigeon" }), "kind"),
        (json!({ "name": "a", "kind": "webhook" }), "url"),
        (
            json!({ "name": "a", "kind": "webhook", "least": "loud", "secrets": { "url": "https://x.example", "secret": SIGNING } }),
            "least",
        ),
        (
            json!({ "name": "a", "kind": "pagerduty", "secrets": { "routing_key": "short" } }),
            "routing_key",
        ),
        (json!({ "kind": "webhook" }), "name"),
    ];
    for (body, field) in wrong {
        let (status, told) = place.owner("POST", "/api/v1/channels", body.clone()).await;
        assert_eq!(status, 400, "{body} {told}");
        assert!(told["detail"].as_str().unwrap().contains(field), "{body} {told}");
    }
    let secret = json!({ "name": "a", "kind": "webhook", "urll": "https://hooks.example/T0PSECRET" });
    let (status, told) = place.owner("POST", "/api/v1/channels", secret).await;
    assert_eq!(status, 400);
    assert!(
        told.to_string().contains("urll") && !told.to_string().contains("T0PSECRET"),
        "{told}"
    );
    let (_, list) = place.owner("GET", "/api/v1/channels", Value::Null).await;
    assert_eq!(list["items"], json!([]));
    place.make(place.webhook("ops")).await;
    let (status, _) = place
        .owner("POST", "/api/v1/channels", place.webhook("ops"))
        .await;
    assert_eq!(status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_told_nothing() {
    let place = Place::start().await;
    // Not in the allow-list: this server itself.
    let inside = format!("http://{}/api/v1/events", place.server.address);
    let body =
        json!({ "name": "inside", "kind": "webhook", "secrets": { "url": inside, "secret": SIGNING } });
    let made = place.make(body).await;
    let test = format!("/api/v1/channels/{}/test", made["id"]);
    assert_eq!(place.owner("POST", &test, Value::Null).await.0, 202);
    let dead = place.delivery("dead").await;
    assert!(dead["words"].as_str().unwrap().len() > 10, "{dead}");
    let (_, off) = place
        .owner("GET", &format!("/api/v1/channels/{}", made["id"]), Value::Null)
        .await;
    assert!(off["trouble"].is_string(), "{off}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_for_its_destination_and_is_never_told() {
    let place = Place::start().await;
    let made = place.make(place.webhook("ops")).await;
    let path = format!("/api/v1/channels/{}", made["id"]);
    let other = Receiver::start().await;
    let moved = json!({ "name": "ops", "kind": "webhook", "secrets": { "url": other.url("x") } });
    let (status, told) = place.owner("PUT", &path, moved.clone()).await;
    assert_eq!(status, 400, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("secret"), "{told}");
    let mut anew = moved;
    anew["secrets"]["secret"] = json!(OTHER);
    let (status, changed) = place.owner("PUT", &path, anew).await;
    assert_eq!(
        (status, &changed["secrets"]),
        (200, &json!(["secret", "url"])),
        "{changed}"
    );
    for page in [
        "/alerts/channels",
        "/alerts/channels?edit=1",
        "/alerts/deliveries",
        "/settings/audit",
    ] {
        let html = place.server.html(page).await;
        assert!(
            !html.contains(&SIGNING[6..]) && !html.contains(&OTHER[6..]),
            "{page}"
        );
        assert!(!html.contains(&other.address.to_string()), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_takes_its_alert_and_no_other() {
    let place = Place::start().await;
    place.make(place.webhook("ops")).await;
    let alert = place.trip("sonnet").await;
    let got = place.receiver.wait_for(1).await.remove(0);
    let text = got.json().to_string();
    let start = text.find("/ack#t=").expect("a link") + "/ack#t=".len();
    let token: String = text[start..]
        .chars()
        .take_while(|c| *c != '"' && *c != '\\')
        .collect();

    let post = |token: String, press: &'static str| {
        let server = &place.server;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", &token)
            .append_pair("press", press)
            .finish();
        let request = server
            .client
            .post(server.url("/ack"))
            .header("origin", format!("http://{}", server.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    };
    let (status, html) = post(token.clone(), "").await;
    assert_eq!(status, 200);
    for words in [
        "Take this alert?",
        "CRITICAL",
        "Breaker open: sonnet",
        "Acknowledge",
    ] {
        assert!(html.contains(words), "{words} in {html}");
    }
    let still: Value = place
        .server
        .read(&format!("/api/v1/alerts/{}", alert["id"]))
        .await;
    assert_eq!(still["alert"]["phase"], "firing", "a look takes nothing");

    // Another alert's number, another end, another signature, nothing: none of them is a link.
    let parts: Vec<&str> = token.split('.').collect();
    let other = format!("{}.99.{}.{}.{}", parts[0], parts[2], parts[3], parts[4]);
    let later = format!(
        "{}.{}.{}.{}9.{}",
        parts[0], parts[1], parts[2], parts[3], parts[4]
    );
    for bad in [other, later, format!("{token}x"), String::new(), "a.b.c".into()] {
        assert_eq!(post(bad.clone(), "yes").await.0, 410, "{bad}");
    }
    let (status, html) = post(token.clone(), "yes").await;
    assert_eq!(status, 200, "{html}");
    assert!(html.contains("Taken by somebody at ops"), "{html}");
    let taken: Value = place
        .server
        .read(&format!("/api/v1/alerts/{}", alert["id"]))
        .await;
    assert_eq!(taken["alert"]["phase"], "acknowledged");
    assert_eq!(taken["alert"]["ack"]["by"]["id"], "channel:1");
    let (status, html) = post(token, "").await;
    assert_eq!(status, 200);
    assert!(html.contains("It is taken"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_claimed_when_the_process_stopped_is_told_after_it_starts() {
    let place = Place::start().await;
    place.make(place.webhook("ops")).await;
    place.receiver.say([Say::Status(503)]);
    place.trip("sonnet").await;
    place.receiver.wait_for(1).await;
    let place = Place {
        server: place.server.restart().await,
        receiver: place.receiver,
    };
    let got = place.receiver.wait_for(2).await;
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    place.delivery("delivered").await;
}

/// Somebody elsewhere hears that alerts are looked after, and what it says about itself is in no log or page.
#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_heard_elsewhere() {
    let receiver = Receiver::start().await;
    let toml = format!(
        "[outbound]\nallow = [\"{}\"]\n[alerts]\nheartbeat_url = \"{}\"\nheartbeat_seconds = 1\n",
        receiver.address,
        receiver.url("ping/s3cret")
    );
    let server = TestServer::start_configured(&toml, Options::default()).await;
    receiver.say([Say::Status(500)]);
    let heard = || {
        receiver
            .got()
            .iter()
            .filter(|got| got.path == "ping/s3cret")
            .count()
    };
    for _ in 0..600 {
        if heard() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(heard() >= 3, "it goes on after an answer that is none");
    assert!(server.stop().await);
    let then = heard();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(heard(), then, "a server that is gone is not heard");
}

/// A storm is a few messages to people, and each alert by itself to what keeps alerts of its own.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_one_message() {
    const BREAKERS: usize = 40;
    let place = Place::start().await;
    let slack = json!({
        "name": "people", "kind": "slack", "digest_from": 5,
        "secrets": { "url": place.receiver.url("people") },
    });
    place.make(slack).await;
    place.make(place.webhook("machine")).await;
    let to = |state: &'static str| {
        (0..BREAKERS).map(move |n| {
            let mut event = transition(&format!("breaker-{n:02}"), state);
            event["provider"] = json!(format!("provider-{n:02}"));
            event
        })
    };
    place.server.accept(&Value::Array(to("closed").collect())).await;
    place.server.accept(&Value::Array(to("open").collect())).await;
    let of = |name: &str| {
        let got = place.receiver.got().into_iter().filter(|got| got.path == name);
        got.map(|got| got.json().to_string()).collect::<Vec<String>>()
    };
    // What became of each alert for the people.
    let mut rows = Vec::new();
    for _ in 0..600 {
        let path = "/api/v1/deliveries?channel=1&limit=200";
        let (_, list) = place.owner("GET", path, json!({})).await;
        rows = list["items"].as_array().unwrap().clone();
        let is_done = rows.iter().all(|row| row["state"] != "waiting");
        if of("machine").len() >= BREAKERS && rows.len() > BREAKERS && is_done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (people, machine) = (of("people"), of("machine"));
    assert_eq!(machine.len(), BREAKERS);
    assert!(
        people.len() < BREAKERS / 2,
        "{} messages: {people:?}",
        people.len()
    );
    let digest = people.iter().find(|told| told.contains("alerts at once"));
    assert!(digest.is_some_and(|told| told.contains(" more: ")), "{people:?}");
    let in_state = |state: &str| rows.iter().filter(|row| row["state"] == state).count();
    let alerts = rows.iter().filter(|row| !row["alert"].is_null()).count();
    assert_eq!(
        (alerts, in_state("delivered") + in_state("gathered")),
        (BREAKERS, rows.len()),
        "{rows:?}"
    );
    assert_eq!(in_state("delivered"), people.len());
    let gathered = rows.iter().find(|row| row["state"] == "gathered").unwrap();
    let words = gathered["words"].as_str().unwrap();
    assert!(
        words.starts_with("told together with others, by delivery "),
        "{words}"
    );
    assert!(place.server.stop().await);
}
