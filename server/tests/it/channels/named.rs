//! Rules that name channels, channels that have words of their own, and tests that clean up after themselves.

use serde_json::{Value, json};

use super::Place;
use super::receiver::Say;
use crate::common::transition;

fn breaker_rule(name: &str, tell: &[&str]) -> Value {
    json!({
        "name": name,
        "condition": { "breaker_state": { "states": ["open"], "quorum": "any", "filter": "breaker:~mine" } },
        "severity": "info",
        "tell": tell,
    })
}

impl Place {
    /// Switches the default rules off, so that one alert is one rule's.
    async fn quiet(&self) {
        let rules: Value = self.server.read("/api/v1/rules").await;
        for item in rules["items"].as_array().unwrap() {
            let mut rule = item["rule"].clone();
            rule["enabled"] = json!(false);
            let path = format!("/api/v1/rules/{}", item["id"]);
            assert_eq!(self.owner("PUT", &path, rule).await.0, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_tells_the_channels_that_it_names_and_no_others() {
    let place = Place::start().await;
    place.quiet().await;
    // It wants critical alerts of one provider alone, and is named all the same.
    let mut picky = place.webhook("picky");
    picky["least"] = json!("critical");
    picky["only"] = json!(["provider=\"openai\""]);
    let picky = place.make(picky).await;
    place.make(place.webhook("all")).await;
    let (status, told) = place
        .owner("POST", "/api/v1/rules", breaker_rule("Mine", &["picki"]))
        .await;
    assert_eq!((status, &told["field"]), (400, &json!("tell")), "{told}");
    assert!(
        told["detail"]
            .as_str()
            .unwrap()
            .contains("`picki` is none; there are picky, all"),
        "{told}"
    );
    let (status, made) = place
        .owner("POST", "/api/v1/rules", breaker_rule("Mine", &["picky"]))
        .await;
    assert_eq!(
        (status, &made["rule"]["tell"]),
        (201, &json!(["picky"])),
        "{made}"
    );

    place.trip("mine-1").await;
    let got = place.receiver.wait_for(1).await;
    assert_eq!(got[0].path, "picky");

    // It is called otherwise, and named still; it cannot go away while it is.
    let path = format!("/api/v1/channels/{}", picky["id"]);
    let (_, now) = place.owner("GET", &path, Value::Null).await;
    let renamed = json!({
        "name": "choosy", "kind": "webhook", "least": now["least"], "only": now["only"],
    });
    let (status, told) = place.owner("PUT", &path, renamed).await;
    assert_eq!(status, 200, "{told}");
    let rule = format!("/api/v1/rules/{}", made["id"]);
    let (_, read) = place.owner("GET", &rule, Value::Null).await;
    assert_eq!(read["rule"]["tell"], json!(["choosy"]));
    let (status, told) = place.owner("DELETE", &path, Value::Null).await;
    assert_eq!(status, 409, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("Mine"), "{told}");

    // Whoever heard that it began hears that it is over, though the rule names another by then.
    let (status, told) = place.owner("PUT", &rule, breaker_rule("Mine", &["all"])).await;
    assert_eq!(status, 200, "{told}");
    place.server.accept(&transition("mine-1", "closed")).await;
    let got = place.receiver.wait_for(2).await;
    assert_eq!(
        (got[1].path.as_str(), &got[1].json()["type"]),
        ("picky", &json!("alert.resolved"))
    );
    place.trip("mine-2").await;
    assert_eq!(place.receiver.wait_for(3).await[2].path, "all");
    assert_eq!(place.owner("DELETE", &path, Value::Null).await.0, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_names_channels_and_the_form_ticks_them() {
    let place = Place::start().await;
    let mut odd = place.webhook("night");
    odd["name"] = json!("#ops, night");
    place.make(odd).await;
    place.make(place.webhook("day")).await;
    let rule = breaker_rule("Mine", &["day", "#ops, night"]);
    assert_eq!(place.owner("POST", "/api/v1/rules", rule).await.0, 201);
    let yaml = place
        .server
        .client
        .get(place.server.url("/api/v1/rules/export"))
        .header("cookie", &place.server.cookie)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(yaml.contains("#ops, night"), "{yaml}");
    let import = |yaml: &str| json!({ "yaml": yaml, "dry_run": true });
    let (status, told) = place.owner("POST", "/api/v1/rules/import", import(&yaml)).await;
    assert_eq!(
        (status, &told["changed"], &told["created"]),
        (200, &json!([]), &json!([])),
        "{told}"
    );
    let other = yaml.replace("#ops, night", "#ops, noon");
    let (status, told) = place.owner("POST", "/api/v1/rules/import", import(&other)).await;
    assert_eq!(status, 400, "{told}");
    let why = told["detail"].as_str().unwrap();
    assert!(
        why.contains("].tell: must be names of channels, and `#ops, noon` is none"),
        "{why}"
    );

    let html = place.server.html("/alerts/rules/9").await;
    let ticked: Vec<&str> = html
        .split("<input")
        .filter(|input| input.contains("name=\"tell."))
        .collect();
    assert_eq!(ticked.len(), 2, "{html}");
    assert!(ticked.iter().all(|input| input.contains("checked")), "{ticked:?}");
    assert!(
        html.contains("<b>#ops, night, day</b>") && html.contains("The rule names them"),
        "{html}"
    );
    let html = place.server.html("/alerts/rules").await;
    assert!(html.contains("It tells day and #ops, night."), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_words_are_shown_before_they_are_kept_and_told_after() {
    let place = Place::start().await;
    let preview = |title: &str, text: &str| json!({ "kind": "slack", "title": title, "text": text });
    let ask = async |body: Value| place.owner("POST", "/api/v1/channels/preview", body).await;
    let (status, shown) = ask(preview("{severity} at {service}: {title}", "{summary}\n{link}")).await;
    assert_eq!((status, &shown["newest"]), (200, &Value::Null), "{shown}");
    let sample = shown["sample"].as_str().unwrap();
    assert!(
        sample.starts_with(
            "critical at checkout: Breaker open: claude-sonnet\n2 of 3 instances are open\nhttps://"
        ),
        "{sample}"
    );
    let (status, told) = ask(preview("{titel}", "")).await;
    assert_eq!((status, &told["field"]), (400, &json!("title")), "{told}");
    assert!(
        told["detail"]
            .as_str()
            .unwrap()
            .contains("{titel} is none of {title}"),
        "{told}"
    );

    let mut worded = place.webhook("ops");
    worded["title"] = json!("{breaker} is {state}");
    worded["text"] = json!("Look at {link}. {label.nothing}");
    let made = place.make(worded).await;
    assert_eq!(made["title"], "{breaker} is {state}");
    let alert = place.trip("sonnet").await;
    let got = place.receiver.wait_for(1).await[0].json();
    assert_eq!(got["data"]["heading"], "sonnet is critical");
    let text = got["data"]["text"].as_str().unwrap();
    assert!(text.ends_with(&format!("/alerts/{}.", alert["id"])), "{text}");
    assert_eq!(got["data"]["title"], "Breaker open: sonnet");

    // Now there is an alert to be shown, and the page shows both.
    let (_, shown) = ask(preview("{breaker}!", "")).await;
    assert_eq!(shown["newest"][0], alert["id"]);
    assert!(
        shown["newest"][1].as_str().unwrap().starts_with("sonnet!"),
        "{shown}"
    );
    let html = place
        .server
        .html(&format!("/alerts/channels?edit={}", made["id"]))
        .await;
    assert!(
        html.contains("And of the newest alert there is") && html.contains("value=\"{breaker} is {state}\""),
        "{html}"
    );
    // Without a script a button shows it; nothing is kept.
    let fields = "do=preview&kind=webhook&name=x&title=%7Bbreaker%7D+%7Bwat%7D&text=";
    let answer = place
        .server
        .client
        .post(place.server.url("/alerts/channels"))
        .header("origin", format!("http://{}", place.server.address))
        .header("accept", "text/html")
        .header("cookie", &place.server.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(fields)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("{wat} is none of"));
    let (_, list) = place.owner("GET", "/api/v1/channels", Value::Null).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_opens_an_incident_closes_it() {
    let place = Place::start().await;
    let taken = |key: &str| {
        Say::Json(
            202,
            json!({ "status": "success", "message": "Event processed", "dedup_key": key }),
        )
    };
    place.receiver.say([taken("a"), taken("a")]);
    let made = place
        .make(json!({
            "name": "pager", "kind": "pagerduty",
            "settings": { "api_url": place.receiver.url("pd") },
            "secrets": { "routing_key": "0123456789abcdef0123456789abcdef" },
        }))
        .await;
    let html = place.server.html("/alerts/channels").await;
    assert!(html.contains("Send a test, and resolve it"), "{html}");
    let test = format!("/api/v1/channels/{}/test", made["id"]);
    let (status, told) = place.owner("POST", &test, Value::Null).await;
    assert_eq!((status, &told["notice"]), (202, &json!("test")), "{told}");
    let got = place.receiver.wait_for(2).await;
    let events: Vec<Value> = got.iter().map(|got| got.json()).collect();
    assert_eq!(events[0]["event_action"], "trigger");
    assert!(
        events[0]
            .to_string()
            .contains("It is a test, and resolves itself at once."),
        "{events:?}"
    );
    assert_eq!(events[1]["event_action"], "resolve");
    assert_eq!(events[0]["dedup_key"], events[1]["dedup_key"]);
    let told = place.delivery("delivered").await;
    assert_eq!(
        (&told["notice"], &told["title"]),
        (&json!("resolved"), &json!("Test: pager"))
    );
    assert_eq!(place.deliveries("").await.len(), 2);
}
