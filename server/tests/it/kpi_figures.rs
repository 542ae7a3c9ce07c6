//! Definitions of figures: over JSON, as files, and by the forms of their page.

use serde_json::{Value, json};
use store::Role;

use crate::common::people::member;
use crate::common::{TestServer, call, urlencoded};

const ALL: &str = "/api/v1/kpi-definitions";

/// A request over JSON by a browser on our own page: the status and the body.
async fn ask(server: &TestServer, verb: &str, path: &str, cookie: &str, body: Value) -> (u16, Value) {
    let request = server.client.request(verb.parse().unwrap(), server.url(path));
    let request = request
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie)
        .json(&body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// A form as the page sends it: the status, where it leads and the page.
async fn form(server: &TestServer, cookie: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let answer = server
        .client
        .post(server.url("/kpis/figures"))
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

fn own(name: &str, formula: &str) -> Value {
    json!({ "name": name, "formula": formula, "unit": "usd", "good": "low" })
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_kept_with_versions_and_name_what_is_wrong() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let with = |field: &str, value: Value| {
        let mut doc = own("Mine", "cost / answers");
        doc[field] = value;
        doc
    };
    let without = |field: &str| {
        let mut doc = own("Mine", "cost / answers");
        doc.as_object_mut().unwrap().remove(field);
        doc
    };
    let wrong = [
        (json!({}), "name"),
        (json!({ "key": "uptime" }), "key"),
        (json!({ "key": "ttft", "name": "First token" }), "name"),
        (json!({ "key": "ttft", "formula": "cost" }), "formula"),
        (json!({ "key": "ttft", "unit": "usd" }), "unit"),
        (json!({ "key": "ttft", "group_by": "provider" }), "group_by"),
        (
            json!({ "key": "ttft", "value_per_answer": 1 }),
            "value_per_answer",
        ),
        (json!({ "key": "answered", "target": 99.5 }), "target"),
        (json!({ "key": "roi" }), "value_per_answer"),
        (json!({ "key": "roi", "value_per_answer": 0 }), "value_per_answer"),
        (with("name", json!("answered")), "name"),
        (with("name", json!("x".repeat(81))), "name"),
        (with("formula", json!("")), "formula"),
        (with("formula", json!("cost / answrs")), "formula"),
        (with("formula", json!("(cost / answers")), "formula"),
        (with("formula", json!("cost{outcome:timeout}")), "formula"),
        (with("filter", json!("outcome:timeout")), "filter"),
        (with("formula", json!("cost{team:search}")), "formula"),
        (with("filter", json!("team:search")), "filter"),
        (with("group_by", json!("team")), "group_by"),
        (with("group_by", json!("outcome")), "group_by"),
        (without("unit"), "unit"),
        (without("good"), "good"),
        (with("target", json!(1e16)), "target"),
        (with("owner", json!("x".repeat(81))), "owner"),
        (with("about", json!("two\nlines")), "about"),
        (with("value_per_answer", json!(1)), "value_per_answer"),
        (with("unit", json!("euro")), ""),
        (with("calendar", json!("year")), ""),
        (with("colour", json!("red")), ""),
    ];
    for (body, field) in wrong {
        for path in [ALL, "/api/v1/kpis/preview"] {
            let (status, told) = ask(&server, "POST", path, &owner, body.clone()).await;
            assert_eq!(status, 400, "{path} {body} {told}");
            assert_eq!(
                told["field"].as_str().unwrap_or_default(),
                field,
                "{path} {body} {told}"
            );
        }
    }
    let clash = json!({
        "name": "Mine", "formula": "cost{provider:openai}", "filter": "provider:azure", "unit": "usd", "good": "low",
    });
    let (status, told) = ask(&server, "POST", ALL, &owner, clash).await;
    assert_eq!((status, &told["field"]), (400, &json!("filter")), "{told}");
    let (_, told) = ask(&server, "POST", ALL, &owner, own("Mine", "cost / answrs")).await;
    assert!(told.to_string().contains("did you mean `answers`"), "{told}");

    let (status, made) = ask(&server, "POST", ALL, &owner, own("Mine", "cost / answers")).await;
    assert_eq!(
        (status, &made["id"], &made["version"]),
        (201, &json!(1), &json!(1)),
        "{made}"
    );
    let (status, _) = ask(&server, "POST", ALL, &owner, own("Mine", "cost")).await;
    assert_eq!(status, 409, "the name is taken");
    let ttft = json!({ "key": "ttft", "target": 600 });
    let (status, _) = ask(&server, "POST", ALL, &owner, ttft.clone()).await;
    assert_eq!(status, 201);
    let (status, _) = ask(&server, "POST", ALL, &owner, ttft).await;
    assert_eq!(status, 409, "a figure has one definition");
    let one = [ALL, "/1"].concat();
    let (status, changed) = ask(&server, "PUT", &one, &owner, own("Mine", "cost / requests")).await;
    assert_eq!((status, &changed["version"]), (200, &json!(2)), "{changed}");
    let (status, _) = ask(&server, "DELETE", &one, &owner, Value::Null).await;
    assert_eq!(status, 204);
    let (status, _) = ask(&server, "GET", &one, &owner, Value::Null).await;
    assert_eq!(status, 404);
    let (_, log) = ask(&server, "GET", "/api/v1/audit?action=kpi", &owner, Value::Null).await;
    let items = log["items"].as_array().unwrap();
    let actions: Vec<&str> = items
        .iter()
        .map(|item| item["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["kpi.remove", "kpi.change", "kpi.create", "kpi.create"]);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_look_may_not_change() {
    let server = TestServer::start().await;
    let carol = member(server.running(), "carol", Role::Operator, "default").await;
    let adam = member(server.running(), "adam", Role::Admin, "default").await;
    for path in [ALL, "/api/v1/kpis/preview"] {
        let (status, _) = ask(&server, "POST", path, &carol, own("Mine", "cost")).await;
        assert_eq!(status, 403, "{path}");
    }
    let (status, _) = ask(&server, "POST", ALL, &adam, own("Mine", "cost")).await;
    assert_eq!(status, 201);
    let (status, list) = ask(&server, "GET", ALL, &carol, Value::Null).await;
    assert_eq!(
        (status, &list["items"][0]["name"]),
        (200, &json!("Mine")),
        "{list}"
    );
    let html = page(&server, "/kpis/figures?new=yes&edit=1", &carol).await;
    assert!(
        html.contains("Mine") && !html.contains("data-form"),
        "no form for who looks"
    );
    let (status, ..) = form(&server, &carol, &[("do", "remove"), ("kpi", "1")]).await;
    assert_eq!(status, 403);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_in_whole_or_not_at_all() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let import = [ALL, "/import"].concat();
    let bad = json!({ "definitions": [own("A", "cost"), own("B", "cots")] });
    let (status, told) = ask(&server, "POST", &import, &owner, bad).await;
    assert_eq!((status, &told["field"]), (400, &json!("definitions")), "{told}");
    assert!(told.to_string().contains("definitions[1].formula"), "{told}");
    let twice = json!({ "definitions": [own("A", "cost"), own("A", "answers")] });
    let (status, told) = ask(&server, "POST", &import, &owner, twice).await;
    assert_eq!(status, 400, "{told}");
    let many: Vec<Value> = (0..201).map(|n| own(&format!("Figure {n}"), "cost")).collect();
    let (status, told) = ask(&server, "POST", &import, &owner, json!({ "definitions": many })).await;
    assert_eq!(status, 400, "{told}");
    let list: Value = server.read(ALL).await;
    assert_eq!(list["items"], json!([]), "nothing of them was kept");

    let answered = json!({ "key": "answered", "target": 0.999, "owner": "Ada" });
    let good = json!({ "definitions": [own("A", "cost"), answered] });
    let mut dry = good.clone();
    dry["dry_run"] = json!(true);
    let (status, told) = ask(&server, "POST", &import, &owner, dry).await;
    assert_eq!(
        (status, &told["created"]),
        (200, &json!(["A", "answered"])),
        "{told}"
    );
    let list: Value = server.read(ALL).await;
    assert_eq!(list["items"], json!([]));
    let (status, _) = ask(&server, "POST", &import, &owner, good.clone()).await;
    assert_eq!(status, 200);
    let file: Value = server.read(&[ALL, "/export"].concat()).await;
    assert_eq!(file["definitions"][1]["target"], json!(0.999), "{file}");
    let (status, told) = ask(&server, "POST", &import, &owner, file).await;
    assert_eq!((status, &told["unchanged"]), (200, &json!(2)), "{told}");
    let other = json!({ "definitions": [own("A", "cost / answers")] });
    let (_, told) = ask(&server, "POST", &import, &owner, other).await;
    assert_eq!(told["changed"], json!(["A"]), "{told}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_tried_before_it_is_saved() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let mut one = call("a");
    one["cost_usd"] = json!(0.5);
    server.accept(&one).await;
    let html = page(&server, "/kpis/figures?new=yes&template=provider", &owner).await;
    assert!(html.contains("cost{provider:openai} / answers{provider:openai}"));
    let fields = |action: &'static str, formula: &'static str, target: &'static str| {
        [
            ("do", action),
            ("name", "<b>Mine</b>"),
            ("formula", formula),
            ("unit", "usd"),
            ("good", "low"),
            ("filter", ""),
            ("group_by", "provider"),
            ("target", target),
            ("owner", "Ada"),
            ("calendar", "week"),
            ("about", ""),
        ]
    };
    let (status, _, html) = form(&server, &owner, &fields("try", "cost / answers", "$0.4")).await;
    assert_eq!(status, 200);
    assert!(html.contains("What it gives") && html.contains("$0.50"), "{html}");
    assert!(html.contains("misses its target of at most"));
    assert!(html.contains("value=\"$0.4\""), "what was written stays");
    let list: Value = server.read(ALL).await;
    assert_eq!(list["items"], json!([]), "to try is not to save");

    let (status, _, html) = form(&server, &owner, &fields("try", "cost / answrs", "")).await;
    assert_eq!(status, 422);
    assert!(html.contains("did you mean `answers`"), "{html}");
    assert!(html.contains("cost / answrs") && !html.contains("What it gives"));
    let (status, _, html) = form(&server, &owner, &fields("save", "cost", "cheap")).await;
    assert_eq!(status, 422);
    assert!(
        html.contains("target: must be a number, such as $0.004"),
        "{html}"
    );

    let (status, to, _) = form(&server, &owner, &fields("save", "cost / answers", "$0.4")).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/figures?done=saved"));
    let html = page(&server, "/kpis/figures?done=saved", &owner).await;
    assert!(html.contains("Saved.") && html.contains("&lt;b&gt;Mine&lt;/b&gt;") && !html.contains("<b>Mine"));
    let list: Value = server.read(ALL).await;
    let item = &list["items"][0];
    assert_eq!(
        (&item["target"], &item["calendar"]),
        (&json!(0.4), &json!("week")),
        "{item}"
    );
    let stale = [("kpi", "1"), ("version", "7")];
    let stale: Vec<_> = fields("save", "cost", "").into_iter().chain(stale).collect();
    let (status, _, html) = form(&server, &owner, &stale).await;
    assert_eq!(status, 422, "{html}");

    // A built-in figure: its target alone.
    let set = [
        ("do", "save"),
        ("key", "ttft"),
        ("target", "0.6 s"),
        ("owner", "Ada"),
        ("calendar", "month"),
    ];
    let (status, to, _) = form(&server, &owner, &set).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/figures?done=saved"));
    let html = page(&server, "/kpis/figures?set=ttft", &owner).await;
    assert!(
        html.contains("at most 600 ms") && html.contains("name=\"version\""),
        "{html}"
    );
    let worth = [
        ("do", "save"),
        ("key", "roi"),
        ("value_per_answer", "$0.25"),
        ("calendar", "month"),
    ];
    let (status, ..) = form(&server, &owner, &worth).await;
    assert_eq!(status, 303);
    let html = page(&server, "/kpis/figures", &owner).await;
    assert!(
        html.contains("An answer is worth $0.25, entered by owner on"),
        "{html}"
    );

    let file = r#"{"definitions":[{"key":"spend","target":100}]}"#;
    let (status, to, _) = form(&server, &owner, &[("do", "import"), ("file", file)]).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/figures?done=imported"));
    let (status, _, html) = form(&server, &owner, &[("do", "import"), ("file", "{")]).await;
    assert_eq!(status, 422);
    assert!(html.contains("file: it cannot be used"), "{html}");
    let (status, to, _) = form(&server, &owner, &[("do", "remove"), ("kpi", "1")]).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/figures?done=removed"));
    let list: Value = server.read(ALL).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 3, "{list}");
    assert!(server.stop().await);
}
