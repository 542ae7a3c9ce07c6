//! Objectives over JSON, by forms and as files.

use serde_json::{Value, json};
use store::Role;

use crate::common::people::member;
use crate::common::{TestServer, now, urlencoded};

/// A request of a browser on our own page: the status and the body.
async fn ask(server: &TestServer, verb: &str, path: &str, cookie: &str, body: Value) -> (u16, Value) {
    let request = server.client.request(verb.parse().unwrap(), server.url(path));
    let answer = request
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .json(&body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// A form as a page sends it: the status, where it leads and the page.
async fn form(
    server: &TestServer,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> (u16, String, String) {
    let answer = server
        .client
        .post(server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(urlencoded(fields))
        .send()
        .await
        .unwrap();
    let to = answer.headers().get("location");
    let to = to.map_or(String::new(), |to| to.to_str().unwrap().to_owned());
    (answer.status().as_u16(), to, answer.text().await.unwrap())
}

async fn page(server: &TestServer, path: &str, cookie: &str) -> String {
    let request = server.client.get(server.url(path)).header("cookie", cookie);
    let answer = request.header("accept", "text/html").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.text().await.unwrap()
}

fn chat() -> Value {
    json!({
        "name": "Chat answers",
        "indicator": "answered",
        "filter": "service:chat",
        "objective": 0.995,
        "window": { "rolling": { "days": 30 } },
        "owner": "Ada",
    })
}

/// Twenty calls of chat, two of them failed.
async fn calls(server: &TestServer) {
    let events: Vec<Value> = (0..20)
        .map(|n| {
            json!({
                "type": "call", "id": format!("slo-{n}"), "time": now() - 1_000, "service": "chat", "provider": "openai",
                "model": "m", "outcome": if n < 2 { "timeout" } else { "ok" }, "duration_ms": 100,
            })
        })
        .collect();
    server.accept(&Value::Array(events)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objectives_are_kept_and_say_how_they_stand() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    calls(&server).await;
    let (status, made) = ask(&server, "POST", "/api/v1/slos", &owner, chat()).await;
    assert_eq!(
        (status, &made["id"], &made["version"]),
        (201, &json!(1), &json!(1)),
        "{made}"
    );
    let (status, stands) = ask(&server, "GET", "/api/v1/slos/1/status", &owner, Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&stands["valid"], &stands["bad"]),
        (&json!(20), &json!(2)),
        "{stands}"
    );
    assert_eq!(stands["about"], "30 days rolling, 99.5%");
    assert!(stands["left"].as_f64().unwrap() < -10.0, "{stands}");
    assert_eq!(stands["ate"][0]["provider"], "openai");
    // The questions that it names can be asked, and give the same.
    let question = stands["working"]["queries"][1].as_str().unwrap();
    let path = format!("/api/v1/query?{question}");
    let (status, answer) = ask(&server, "GET", &path, &owner, Value::Null).await;
    assert_eq!(status, 200, "{path} {answer}");
    assert_eq!(
        answer["series"][0]["points"][0][1].as_f64(),
        Some(20.0),
        "{answer}"
    );

    let (status, told) = ask(&server, "POST", "/api/v1/slos", &owner, chat()).await;
    assert_eq!(status, 409, "{told}");
    let (status, _) = ask(&server, "GET", "/api/v1/slos/9/status", &owner, Value::Null).await;
    assert_eq!(status, 404);
    let (status, told) = ask(&server, "POST", "/api/v1/slos/preview", &owner, chat()).await;
    assert_eq!((status, &told["held"]), (200, &json!(false)), "{told}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    for (field, value, named) in [
        ("name", json!(""), "name"),
        ("indicator", json!("cost"), "indicator"),
        ("limit", json!(3), "limit"),
        ("filter", json!("outcome:ok"), "filter"),
        ("filter", json!("planet:mars"), "filter"),
        ("objective", json!(1), "objective"),
        ("objective", json!(99.5), "objective"),
        (
            "window",
            json!({ "rolling": { "days": 91 } }),
            "window.rolling.days",
        ),
        (
            "window",
            json!({ "calendar": { "unit": "year", "zone": "UTC" } }),
            "window.calendar.unit",
        ),
        (
            "window",
            json!({ "calendar": { "unit": "week", "zone": "Mars" } }),
            "window.calendar.zone",
        ),
        ("surprise", json!(1), "surprise"),
    ] {
        let mut doc = chat();
        doc[field] = value;
        let (status, told) = ask(&server, "POST", "/api/v1/slos", &owner, doc.clone()).await;
        let about = told["field"].as_str().filter(|field| !field.is_empty());
        // What is no field at all is named in the sentence.
        let said =
            about == Some(named) || about.is_none() && told["detail"].as_str().unwrap().contains(named);
        assert!(status == 400 && said, "{doc} {told}");
    }
    let (_, list) = ask(&server, "GET", "/api/v1/slos", &owner, Value::Null).await;
    assert_eq!(list["items"], json!([]));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_rule_is_made_once_and_outlives_it() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    ask(&server, "POST", "/api/v1/slos", &owner, chat()).await;
    let (status, rule) = ask(&server, "POST", "/api/v1/slos/1/rule", &owner, Value::Null).await;
    assert_eq!(
        (status, &rule["rule"]["name"]),
        (201, &json!("Budget: Chat answers")),
        "{rule}"
    );
    let (status, again) = ask(&server, "POST", "/api/v1/slos/1/rule", &owner, Value::Null).await;
    assert_eq!((status, &again["id"]), (200, &rule["id"]));
    let (status, gone) = ask(&server, "DELETE", "/api/v1/slos/1", &owner, Value::Null).await;
    assert_eq!((status, &gone["rule"]["id"]), (200, &rule["id"]), "{gone}");
    let path = format!("/api/v1/rules/{}", rule["id"]);
    assert_eq!(
        ask(&server, "GET", &path, &owner, Value::Null).await.0,
        200,
        "the rule stays"
    );
    let mut other = chat();
    other["name"] = json!("Other");
    ask(&server, "POST", "/api/v1/slos", &owner, other).await;
    assert_eq!(
        ask(&server, "DELETE", "/api/v1/slos/2", &owner, Value::Null)
            .await
            .0,
        204
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_all_or_not_at_all() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    ask(&server, "POST", "/api/v1/slos", &owner, chat()).await;
    let mut quick = chat();
    quick["name"] = json!("Quick: first token");
    quick["indicator"] = json!("ttft");
    quick["limit"] = json!(800.0);
    quick["window"] = json!({ "calendar": { "unit": "month", "zone": "Europe/Berlin" } });
    let (status, made) = ask(&server, "POST", "/api/v1/slos", &owner, quick).await;
    assert_eq!(status, 201, "{made}");
    let request = server
        .client
        .get(server.url("/api/v1/slos/export"))
        .header("cookie", &owner);
    let answer = request.send().await.unwrap();
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/yaml")
    );
    let yaml = answer.text().await.unwrap();
    let import = |yaml: String, dry_run: bool| json!({ "yaml": yaml, "dry_run": dry_run });
    let path = "/api/v1/slos/import";
    let (status, told) = ask(&server, "POST", path, &owner, import(yaml.clone(), false)).await;
    assert_eq!((status, &told["unchanged"]), (200, &json!(2)), "{told}");

    for id in [1, 2] {
        let gone = ask(
            &server,
            "DELETE",
            &format!("/api/v1/slos/{id}"),
            &owner,
            Value::Null,
        )
        .await;
        assert_eq!(gone.0, 204);
    }
    // The second is wrong: the first is not stored either.
    let broken = yaml.replace("metric: ttft", "metric: speed");
    assert_ne!(broken, yaml);
    let (status, told) = ask(&server, "POST", path, &owner, import(broken, false)).await;
    let detail = told["detail"].as_str().unwrap_or_default();
    assert!(
        status == 400 && detail.contains("document 2") && detail.contains("indicator"),
        "{told}"
    );
    let foreign = yaml.replacen("type: fuseboard", "type: prometheus", 1);
    let (status, told) = ask(&server, "POST", path, &owner, import(foreign, false)).await;
    assert_eq!((status, &told["field"]), (400, &json!("yaml")), "{told}");
    let (status, told) = ask(&server, "POST", path, &owner, import(yaml.clone(), true)).await;
    assert_eq!(
        (status, told["created"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{told}"
    );
    let (_, list) = ask(&server, "GET", "/api/v1/slos", &owner, Value::Null).await;
    assert_eq!(list["items"], json!([]));
    let (status, _) = ask(&server, "POST", path, &owner, import(yaml, false)).await;
    assert_eq!(status, 200);
    let (_, list) = ask(&server, "GET", "/api/v1/slos", &owner, Value::Null).await;
    assert_eq!(list["items"][1]["window"]["calendar"]["zone"], "Europe/Berlin");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_promises_looks_back_and_removes() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    calls(&server).await;
    let filled = |what: &'static str, objective: &'static str| {
        [
            ("do", what),
            ("name", "Chat <b>answers</b>"),
            ("indicator", "answered"),
            ("filter", "service:chat"),
            ("objective", objective),
            ("window", "rolling"),
            ("days", "30"),
            ("zone", "UTC"),
        ]
    };
    let path = "/kpis/objectives";
    let (status, _, html) = form(&server, path, &owner, &filled("preview", "99.5%")).await;
    assert_eq!(status, 200);
    assert!(
        html.contains("data-preview") && html.contains("It would have held on 0 of"),
        "{html}"
    );
    let (status, _, html) = form(&server, path, &owner, &filled("save", "all")).await;
    assert_eq!(status, 422);
    assert!(html.contains("objective: must be a number"), "{html}");
    let (status, to, _) = form(&server, path, &owner, &filled("save", "99.5")).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/objectives/1?done=saved"));
    let html = page(&server, "/kpis/objectives", &owner).await;
    assert!(
        html.contains("1 of 1 budgets used up") && !html.contains("<b>answers"),
        "{html}"
    );
    let html = page(&server, "/kpis/objectives/1", &owner).await;
    for words in [
        "Error budget left",
        "Who used it up",
        "Alert on its burn rate",
        "overspent by",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let (status, to, _) = form(&server, "/kpis/objectives/1", &owner, &[("do", "rule")]).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/objectives/1?done=rule-made"));

    // Who looks sees no form and may send none.
    let viewer = member(server.running(), "viewer", Role::Viewer, "default").await;
    let seen = page(&server, "/kpis/objectives/1", &viewer).await;
    assert!(seen.contains("Error budget left") && !seen.contains("Change it") && !seen.contains("data-form"));
    let (status, ..) = form(&server, path, &viewer, &filled("save", "99")).await;
    assert_eq!(status, 403);

    let (status, to, _) = form(&server, path, &owner, &[("do", "remove"), ("slo", "1")]).await;
    assert_eq!(
        (status, to.as_str()),
        (303, "/kpis/objectives?done=removed-not-rule")
    );
    assert!(
        page(&server, "/kpis/objectives?done=removed-not-rule", &owner)
            .await
            .contains("Its rule stays")
    );
    assert!(server.stop().await);
}
