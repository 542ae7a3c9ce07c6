//! Alerts over JSON: from a trip to "I have it" to resolved, rules and their files, silences; and the page of a rule.

use std::time::Duration;

use crate::common::hands::{form, page, send, send_with};
use crate::common::people::member;
use crate::common::{TestServer, now, transition, urlencoded};
use serde_json::{Value, json};
use store::Role;

/// The first alert, once there is one.
async fn tripped(server: &TestServer) -> Value {
    // The rules are there before the breaker trips.
    let rules: Value = server.read("/api/v1/rules").await;
    assert_eq!(rules["items"].as_array().unwrap().len(), 8);
    server.accept(&transition("sonnet", "open")).await;
    for _ in 0..200 {
        let list: Value = server.read("/api/v1/alerts").await;
        if let Some(alert) = list["items"].as_array().unwrap().first() {
            return alert.clone();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("no alert within five seconds")
}

fn texts(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_trip_to_i_have_it_to_resolved() {
    let server = TestServer::start().await;
    let alert = tripped(&server).await;
    assert_eq!(alert["phase"], "firing");
    assert_eq!(alert["severity"], "critical");
    let ada = member(server.running(), "ada", Role::Operator, "default").await;
    let bob = member(server.running(), "bob", Role::Operator, "default").await;
    let eve = member(server.running(), "eve", Role::Viewer, "default").await;
    let path = format!("/api/v1/alerts/{}", alert["id"]);
    let act = |what: &str| format!("{path}/{what}");
    let (status, _) = send(&server, "POST", &act("ack"), &eve, json!({})).await;
    assert_eq!(status, 403, "a viewer looks");
    let (status, taken) = send(&server, "POST", &act("ack"), &ada, json!({ "note": "on it" })).await;
    assert_eq!((status, &taken["phase"]), (200, &json!("acknowledged")));
    assert_eq!(taken["owner"]["name"], "ada");
    let (status, told) = send(&server, "POST", &act("ack"), &bob, json!({})).await;
    assert_eq!(status, 409);
    assert_eq!(told["detail"], "Already acknowledged by ada.");
    assert_eq!(told["by"]["name"], "ada");
    let (status, told) = send_with(
        &server,
        "POST",
        &act("snooze"),
        &bob,
        json!({ "until": now() + 60_000 }),
        Some("\"1\""),
    )
    .await;
    assert_eq!(status, 412);
    assert_eq!((&told["wanted"], &told["found"]), (&json!(1), &json!(2)));
    let (status, told) = send(&server, "POST", &act("comment"), &bob, json!({ "txt": "x" })).await;
    assert_eq!(status, 400, "{told}");
    assert!(
        told["detail"].as_str().unwrap().contains("unknown field `txt`"),
        "{told}"
    );
    let (status, _) = send(
        &server,
        "POST",
        &act("comment"),
        &bob,
        json!({ "text": "it is **DNS**" }),
    )
    .await;
    assert_eq!(status, 200);
    let (status, _) = send(&server, "POST", &act("dance"), &bob, json!({})).await;
    assert_eq!(status, 404);
    let (status, assigned) = send(&server, "POST", &act("assign"), &ada, json!({ "to": "id-bob" })).await;
    assert_eq!((status, &assigned["owner"]["name"]), (200, &json!("bob")));
    server.accept(&transition("sonnet", "closed")).await;
    for _ in 0..200 {
        let detail: Value = server.read(&path).await;
        if detail["alert"]["phase"] == "resolved" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let detail: Value = server.read(&path).await;
    let kinds = texts(&detail["timeline"], "kind");
    assert_eq!(
        kinds,
        ["fired", "acknowledged", "commented", "assigned", "resolved"]
    );
    let list: Value = server.read("/api/v1/alerts?phase=firing,acknowledged").await;
    assert_eq!(list["items"], json!([]));
    let list: Value = server
        .read("/api/v1/alerts?phase=resolved&severity=critical&match=breaker%3D%22sonnet%22")
        .await;
    assert_eq!(list["items"][0]["id"], alert["id"]);
    let log = server
        .client
        .get(server.url("/api/v1/audit?action=alert"))
        .header("cookie", &server.cookie);
    let log: Value = log.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        texts(&log["items"], "action"),
        ["alert.assign", "alert.comment", "alert.acknowledge"]
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_survives_a_restart() {
    let server = TestServer::start().await;
    let alert = tripped(&server).await;
    let ada = member(server.running(), "ada", Role::Operator, "default").await;
    let path = format!("/api/v1/alerts/{}/ack", alert["id"]);
    assert_eq!(send(&server, "POST", &path, &ada, json!({})).await.0, 200);
    let server = server.restart().await;
    let list: Value = server.read("/api/v1/alerts").await;
    assert_eq!(texts(&list["items"], "phase"), ["acknowledged"]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_made_changed_tried_and_written_to_files() {
    let server = TestServer::start().await;
    let admin = member(server.running(), "ada", Role::Admin, "default").await;
    let operator = member(server.running(), "bob", Role::Operator, "default").await;
    let rule = |limit: f64| {
        json!({
            "name": "Slow first token",
            "condition": { "threshold": {
                "metric": "ttft_p95", "group_by": ["provider"], "window_ms": 300_000,
                "side": "above", "limit": limit, "clear": 1_600.0,
            } },
            "for_ms": 180_000, "min_samples": 30, "severity": "warning",
        })
    };
    assert_eq!(
        send(&server, "POST", "/api/v1/rules", &operator, rule(2_000.0))
            .await
            .0,
        403
    );
    let (status, made) = send(&server, "POST", "/api/v1/rules", &admin, rule(2_000.0)).await;
    assert_eq!((status, &made["version"]), (201, &json!(1)));
    assert_eq!(
        send(&server, "POST", "/api/v1/rules", &admin, rule(2_000.0))
            .await
            .0,
        409
    );
    let (status, told) = send(&server, "POST", "/api/v1/rules", &admin, rule(1_500.0)).await;
    assert_eq!(status, 400);
    assert_eq!(told["field"], "condition.clear");
    assert_eq!(
        told["detail"],
        "condition.clear: must be at most the limit 1500, got 1600"
    );
    let path = format!("/api/v1/rules/{}", made["id"]);
    let (status, changed) = send_with(&server, "PUT", &path, &admin, rule(3_000.0), Some("\"1\"")).await;
    assert_eq!((status, &changed["version"]), (200, &json!(2)));
    assert_eq!(
        send_with(&server, "PUT", &path, &admin, rule(4_000.0), Some("\"1\""))
            .await
            .0,
        412
    );
    let (status, told) = send(
        &server,
        "POST",
        "/api/v1/rules/backtest?from=now-6h",
        &operator,
        rule(2_000.0),
    )
    .await;
    assert_eq!(
        (status, &told["fired"], &told["noise"]),
        (200, &json!(0), &json!("none"))
    );

    let yaml = server
        .get("/api/v1/rules/export")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        yaml.contains("Slow first token") && yaml.contains("threshold"),
        "{yaml}"
    );
    let import = |yaml: &str| json!({ "yaml": yaml });
    let (status, told) = send(&server, "POST", "/api/v1/rules/import", &admin, import(&yaml)).await;
    assert_eq!((status, &told["unchanged"]), (200, &json!(9)), "{told}");
    let other = yaml.replace("Slow first token", "Slower first token");
    let (_, told) = send(&server, "POST", "/api/v1/rules/import", &admin, import(&other)).await;
    assert_eq!(told["created"], json!(["Slower first token"]), "{told}");
    let bad = "rules:\n  - name: x\n    severity: loud\n    condition:\n      flapping: {times: 3, within_ms: 60000, clear: 1}\n";
    let (status, told) = send(&server, "POST", "/api/v1/rules/import", &admin, import(bad)).await;
    assert_eq!(status, 400);
    assert_eq!(
        told["detail"],
        "yaml: rules[0].severity: must be critical, warning or info, got `loud`"
    );
    let bomb = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nrules: [*c,*c]\n";
    assert_eq!(
        send(&server, "POST", "/api/v1/rules/import", &admin, import(bomb))
            .await
            .0,
        400
    );
    assert_eq!(send(&server, "DELETE", &path, &admin, json!({})).await.0, 204);
    assert_eq!(send(&server, "DELETE", &path, &admin, json!({})).await.0, 404);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn silences_say_what_they_hide_and_bulk_says_what_became_of_each() {
    let server = TestServer::start().await;
    let alert = tripped(&server).await;
    let ada = member(server.running(), "ada", Role::Operator, "default").await;
    let about = r#"breaker="sonnet",severity=~"crit.*""#;
    let (_, shown) = send(
        &server,
        "POST",
        "/api/v1/silences/preview",
        &ada,
        json!({ "matchers": about }),
    )
    .await;
    assert_eq!(
        (&shown["hides"], &shown["items"][0]["id"]),
        (&json!(1), &alert["id"])
    );
    let wanted = json!({ "matchers": about, "ends": now() + 60_000, "comment": "maintenance" });
    let (status, made) = send(&server, "POST", "/api/v1/silences", &ada, wanted).await;
    assert_eq!(
        (status, &made["hides"], &made["state"]),
        (201, &json!(1), &json!("active"))
    );
    let list: Value = server.read("/api/v1/alerts").await;
    assert_eq!(texts(&list["items"], "phase"), ["suppressed"]);
    let silent = json!({ "matchers": about, "ends": now() + 60_000 });
    let (status, told) = send(&server, "POST", "/api/v1/silences", &ada, silent).await;
    assert_eq!((status, &told["field"]), (400, &json!("comment")));
    let path = format!("/api/v1/silences/{}", made["id"]);
    let (status, ended) = send(&server, "DELETE", &path, &ada, json!({})).await;
    assert_eq!((status, &ended["state"]), (200, &json!("expired")));
    let many = json!({ "do": "ack", "ids": [alert["id"], 999] });
    let (status, told) = send(&server, "POST", "/api/v1/alerts", &ada, many).await;
    assert_eq!(status, 200);
    assert_eq!(told["items"][0]["alert"]["phase"], "acknowledged");
    assert_eq!(told["items"][1]["error"], "There is none of this number.");
    assert!(server.stop().await);
}

const SLOW: [(&str, &str); 15] = [
    ("kind", "threshold"),
    ("enabled", "yes"),
    ("quiet_until", ""),
    ("condition.metric", "ttft_p95"),
    ("condition.group_by", "provider,model"),
    ("condition.filter", ""),
    ("condition.side", "above"),
    ("condition.limit", "2.5 sec"),
    ("condition.clear", "2 s"),
    ("condition.window_ms", "5min"),
    ("for_ms", "3 min"),
    ("min_samples", "1,000"),
    ("severity", "critical"),
    ("name", "Slow first token"),
    ("labels", "team=search"),
];

fn with<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let new = |name: &str| changed.iter().find(|(known, _)| *known == name);
    let kept = SLOW
        .iter()
        .map(|(name, value)| new(name).copied().unwrap_or((name, value)));
    let own = |name: &str| SLOW.iter().any(|(known, _)| *known == name);
    kept.chain(changed.iter().copied().filter(|(name, _)| !own(name)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_looked_at_and_kept_as_a_sentence() {
    let server = TestServer::start().await;
    let admin = member(server.running(), "ada", Role::Admin, "default").await;
    let operator = member(server.running(), "bob", Role::Operator, "default").await;
    let viewer = member(server.running(), "eve", Role::Viewer, "default").await;
    for kind in [
        "",
        "?kind=threshold",
        "?kind=change",
        "?kind=burn_rate",
        "?kind=absence",
        "?kind=breaker_state",
        "?kind=flapping",
    ] {
        let (status, html) = page(&server, &format!("/alerts/rules/new{kind}"), &operator).await;
        assert_eq!(status, 200, "{kind}: {html}");
        assert!(html.contains("It would not have fired in 14 days"), "{kind}");
        assert!(!html.contains("Save rule"), "an operator looks");
    }
    assert_eq!(page(&server, "/alerts/rules/new", &viewer).await.0, 403);
    assert_eq!(
        form(&server, "/alerts/rules/new", &operator, &with(&[("do", "save")]))
            .await
            .0,
        403
    );

    // What cannot be read is named and marked, and nothing is lost of what was written.
    let query = urlencoded(&with(&[("condition.limit", "quick")]));
    let (status, html) = page(&server, &format!("/alerts/rules/new?{query}"), &admin).await;
    assert_eq!(status, 422);
    assert!(
        html.contains("condition.limit: must be a length of time such as 800 ms or 2 s"),
        "{html}"
    );
    assert!(
        html.contains("value=\"quick\"") && html.contains("value=\"5min\""),
        "{html}"
    );
    let marked = html.split("<input").find(|input| input.contains("aria-invalid"));
    assert!(
        marked.is_some_and(|input| input.contains("condition.limit")),
        "{marked:?}"
    );

    let wrong = with(&[("do", "save"), ("condition.clear", "3 s")]);
    let (status, _, html) = form(&server, "/alerts/rules/new", &admin, &wrong).await;
    assert_eq!(status, 422);
    assert!(
        html.contains("condition.clear: must be at most the limit 2500, got 3000"),
        "{html}"
    );
    let (status, to, html) = form(&server, "/alerts/rules/new", &admin, &with(&[("do", "save")])).await;
    assert_eq!((status, to.as_str()), (303, "/alerts/rules#rule-9"), "{html}");
    let kept: Value = server.read("/api/v1/rules/9").await;
    assert_eq!(kept["rule"]["condition"]["threshold"]["limit"], json!(2_500.0));
    assert_eq!(
        kept["rule"]["condition"]["threshold"]["group_by"],
        json!(["provider", "model"])
    );
    assert_eq!(
        (&kept["rule"]["for_ms"], &kept["rule"]["min_samples"]),
        (&json!(180_000), &json!(1_000))
    );
    assert_eq!(kept["rule"]["labels"], json!({ "team": "search" }));

    // As it is kept, it is said.
    let (status, html) = page(&server, "/alerts/rules/9", &admin).await;
    assert_eq!(status, 200);
    for said in [
        "value=\"2.5 s\"",
        "value=\"5 min\"",
        "value=\"team=search\"",
        "value=\"Slow first token\"",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    let quiet = with(&[("do", "save_quiet"), ("version", "1"), ("condition.limit", "4 s")]);
    assert_eq!(form(&server, "/alerts/rules/9", &admin, &quiet).await.0, 303);
    let kept: Value = server.read("/api/v1/rules/9").await;
    let until = kept["rule"]["quiet_until"].as_i64().unwrap() - now();
    assert!((6 * 86_400_000..=7 * 86_400_000).contains(&until), "{until}");
    let (status, _, html) = form(&server, "/alerts/rules/9", &admin, &quiet).await;
    assert_eq!(status, 422, "somebody else was faster");
    assert!(
        html.contains("it has changed") || html.contains("It has changed"),
        "{html}"
    );

    assert_eq!(
        form(&server, "/alerts/rules/9", &operator, &[("do", "remove")])
            .await
            .0,
        403
    );
    assert_eq!(
        form(&server, "/alerts/rules/9", &admin, &[("do", "remove")])
            .await
            .1,
        "/alerts/rules"
    );
    assert_eq!(page(&server, "/alerts/rules/9", &admin).await.0, 404);
    assert!(server.stop().await);
}
