//! The record, corrected, over HTTP and on its page; and what was erased looked for in everything that the database holds.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use server::lifecycle::Options;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use store::{AuditEntry, Role, Tenant, TenantId};

use crate::common::people::member;
use crate::common::postgres;
use crate::common::{TestServer, now, transition, urlencoded};

const VALUE: &str = "anna.unmistakable@example.com";
const SERVICE: &str = "unmistakable-batch";

async fn send(
    server: &TestServer,
    verb: &str,
    path: &str,
    cookie: &str,
    body: &Value,
    if_match: Option<&str>,
) -> (u16, Value) {
    let mut request = server
        .client
        .request(verb.parse().unwrap(), server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", cookie);
    if let Some(version) = if_match {
        request = request.header("if-match", version);
    }
    let answer = request.json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn own(server: &TestServer, verb: &str, path: &str, body: Value) -> (u16, Value) {
    send(server, verb, path, &server.cookie, &body, None).await
}

fn call(service: &str, user: &str, n: usize) -> Value {
    json!({
        "type": "call", "provider": "openai", "model": format!("m{}", n % 5), "outcome": "ok", "duration_ms": 300 + n,
        "service": service, "labels": { "user": user }, "id": format!("{service}-{user}-{n}"), "breaker": "b",
        "instance": "i", "time": now() - 1_000 * n as i64,
    })
}

async fn push(server: &TestServer) {
    for n in 0..40 {
        let all = [
            ("chat", "bert"),
            ("chat", VALUE),
            (SERVICE, "bert"),
            (SERVICE, VALUE),
        ];
        let events: Vec<Value> = all.iter().map(|(service, user)| call(service, user, n)).collect();
        server.accept(&Value::Array(events)).await;
        // Alone in its batch.
        server.accept(&json!([call(SERVICE, VALUE, 1_000 + n)])).await;
    }
    let mut open = transition("b", "open");
    open["service"] = SERVICE.into();
    server.accept(&json!([open])).await;
    assert!(server.shared().engine.compact().await);
}

/// Waits until an erasure is done; the correction.
async fn done(server: &TestServer, id: &Value) -> Value {
    for _ in 0..400 {
        let item: Value = server.read(&format!("/api/v1/corrections/{id}")).await;
        if item["state"] == "done" {
            return item;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not done within ten seconds")
}

async fn erase(server: &TestServer, what: Value) -> Value {
    let (status, preview) = own(server, "POST", "/api/v1/corrections/preview", what.clone()).await;
    assert_eq!(status, 200, "{preview}");
    assert!(preview["erases"]["events"].as_u64().unwrap() > 0, "{preview}");
    let (status, made) = own(server, "POST", "/api/v1/corrections", what).await;
    assert_eq!(status, 202, "{made}");
    let item = done(server, &made["id"]).await;
    assert_eq!(item["erased"], preview["erases"], "as the preview said");
    item
}

fn by_label() -> Value {
    json!({ "kind": "erase", "label": { "name": "user", "value": VALUE }, "note": "asked for by letter" })
}

fn by_service() -> Value {
    json!({ "kind": "erase", "service": SERVICE })
}

/// Every file of the data folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Packed batches that hold nothing but what will be erased: their bytes have to be gone too.
async fn packed(data: &Path) -> Vec<Vec<u8>> {
    let mut packed = Vec::new();
    for (name, _) in files(&data.join("journal")) {
        if !name.ends_with(".db") {
            continue;
        }
        let mut file = SqliteConnection::connect(&format!("sqlite://{name}?mode=ro"))
            .await
            .unwrap();
        let found: Vec<Vec<u8>> = sqlx::query_scalar("SELECT bytes FROM batch WHERE events = 1")
            .fetch_all(&mut file)
            .await
            .unwrap();
        packed.extend(found);
        file.close().await.unwrap();
    }
    // The last is a transition, which has no label.
    packed.pop();
    packed
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_in_no_file() {
    let server =
        TestServer::start_configured("[series]\nkept_labels = [\"user\"]\n", Options::default()).await;
    push(&server).await;
    let data = server.data_dir();
    let batches = packed(&data).await;
    assert!(batches.len() >= 40, "{}", batches.len());
    let is_there = |needle: &[u8]| {
        let all = files(&data).into_iter();
        all.filter(|(_, bytes)| holds(bytes, needle))
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert!(!is_there(VALUE.as_bytes()).is_empty(), "it can be found");
    for batch in &batches {
        assert!(!is_there(batch).is_empty(), "it can be found");
    }
    let item = erase(&server, by_label()).await;
    assert_eq!(item["what"], "a value of the label user");
    assert_eq!(is_there(VALUE.as_bytes()), [""; 0]);
    for batch in &batches {
        assert_eq!(is_there(batch), [""; 0]);
    }
    assert!(
        !is_there(SERVICE.as_bytes()).is_empty(),
        "the service is still there"
    );
    erase(&server, by_service()).await;
    assert_eq!(is_there(SERVICE.as_bytes()), [""; 0]);
    let calls: Value = server.read("/api/v1/calls?limit=1000").await;
    let calls = calls["items"].as_array().unwrap();
    assert_eq!(calls.len(), 40, "those of chat by bert");
    let server = server.restart().await;
    let again: Value = server.read("/api/v1/calls?limit=1000").await;
    assert_eq!(again["items"].as_array().unwrap(), calls);
    let series: Value = server.read("/api/v1/series").await;
    assert_eq!(series["dimensions"]["service"], json!(["chat"]));
    assert_eq!(series["dimensions"]["label.user"], json!(["bert"]));
    assert!(server.stop().await);
}

/// Tables that hold a text, as it is or as bytes.
async fn tables_with(url: &str, text: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        // The name is one of ours.
        let sql = format!(
            "SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0"
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(text)
            .bind(&hex)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        found.extend((count > 0).then_some(table));
    }
    connection.close().await.unwrap();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_in_no_table() {
    let Some(database) = postgres::create().await else {
        return;
    };
    let toml = format!(
        "[database]\nurl = \"{}\"\n[series]\nkept_labels = [\"user\"]\n",
        database.url
    );
    let server = TestServer::start_configured(&toml, Options::default()).await;
    push(&server).await;
    let before = tables_with(&database.url, VALUE).await;
    assert!(before.contains(&"series".to_owned()), "{before:?}");
    assert!(before.contains(&"checkpoint".to_owned()), "{before:?}");
    erase(&server, by_label()).await;
    assert_eq!(tables_with(&database.url, VALUE).await, [""; 0]);
    erase(&server, by_service()).await;
    assert_eq!(tables_with(&database.url, SERVICE).await, [""; 0]);
    let calls: Value = server.read("/api/v1/calls?limit=1000").await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 40);
    let server = server.restart().await;
    let series: Value = server.read("/api/v1/series").await;
    assert_eq!(series["dimensions"]["service"], json!(["chat"]));
    assert!(server.stop().await);
    database.drop().await;
}

/// Makes another tenant; the cookie of its owner.
async fn other_tenant(server: &TestServer) -> String {
    let people = &server.shared().people;
    let owner = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await
        .unwrap();
    let acme = Tenant {
        id: TenantId::parse("acme").unwrap(),
        name: "Acme".into(),
        created: 0,
    };
    let id = owner.unwrap().account.id;
    let made = people
        .accounts
        .create_tenant(&people.system, acme, &id, AuditEntry::default())
        .await;
    made.unwrap();
    member(server.running(), "zoe", Role::Owner, "acme").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breaker_is_hidden_and_shown_again() {
    let server = TestServer::start().await;
    server.accept(&json!([transition("sonnet", "open")])).await;
    let board: Value = server.board().await;
    let id = board["breakers"][0]["id"].clone();
    let hide = json!({ "kind": "hide", "breaker": id, "note": "a drill" });
    let eve = member(server.running(), "eve", Role::Operator, "default").await;
    let (status, _) = send(&server, "POST", "/api/v1/corrections", &eve, &hide, None).await;
    assert_eq!(status, 403, "an admin corrects the record");
    let (status, made) = own(&server, "POST", "/api/v1/corrections", hide).await;
    assert_eq!((status, &made["state"]), (201, &json!("in_force")), "{made}");
    let hidden: Value = server.board().await;
    assert_eq!(hidden["breakers"], json!([]));
    let listed: Value = server.read("/api/v1/breakers").await;
    assert_eq!(listed["rows"], json!([]));

    let zoe = other_tenant(&server).await;
    for path in ["/t/acme/api/v1/corrections/1", "/t/default/api/v1/corrections/1"] {
        for verb in ["GET", "DELETE"] {
            let (status, _) = send(&server, verb, path, &zoe, &json!({}), None).await;
            assert_eq!(status, 404, "{verb} {path}");
        }
    }
    let path = format!("/api/v1/corrections/{}", made["id"]);
    let (status, told) = send(
        &server,
        "DELETE",
        &path,
        &server.cookie,
        &json!({}),
        Some("\"2\""),
    )
    .await;
    assert_eq!((status, &told["found"]), (412, &json!(1)));
    let (status, undone) = send(
        &server,
        "DELETE",
        &path,
        &server.cookie,
        &json!({}),
        Some("\"1\""),
    )
    .await;
    assert_eq!((status, &undone["state"]), (200, &json!("undone")));
    let (status, _) = own(&server, "DELETE", &path, json!({})).await;
    assert_eq!(status, 409, "once");
    let shown: Value = server.board().await;
    assert_eq!(shown["breakers"][0]["id"], id);
    let log: Value = server.read("/api/v1/audit?action=record.hide").await;
    assert_eq!(log["items"][0]["target"], id, "{log}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_hides_looks_and_erases_without_scripts() {
    let server = TestServer::start().await;
    server
        .accept(&json!([transition("sonnet", "open"), call("chat", "anna", 1)]))
        .await;
    let board: Value = server.board().await;
    let id = board["breakers"][0]["id"].as_str().unwrap().to_owned();
    let post = async |form: &[(&str, &str)]| {
        let body = urlencoded(form);
        let answer = server
            .client
            .post(server.url("/settings/record"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", format!("http://{}", server.address))
            .header("cookie", &server.cookie)
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let page = server.html("/settings/record").await;
    assert!(page.contains("Nothing was ever corrected."), "{page}");
    let (status, _) = post(&[
        ("do", "hide"),
        ("kind", "forget"),
        ("breaker", &id),
        ("note", "gone"),
    ])
    .await;
    assert_eq!(status, 303);
    let page = server.html("/settings/record").await;
    assert!(page.contains("Forgotten: sonnet"), "{page}");
    assert!(page.contains(">Undo<"), "{page}");
    let (status, page) = post(&[("do", "hide"), ("breaker", "b_0000000000000000")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("there is none of this id"), "{page}");
    let (status, page) = post(&[("do", "preview"), ("from", "soon")]).await;
    assert_eq!(status, 422, "{page}");
    let (status, page) = post(&[("do", "preview"), ("service", "chat")]).await;
    assert_eq!(status, 200);
    assert!(page.contains("What would be erased"), "{page}");
    assert!(page.contains("1 event,"), "{page}");
    let (status, _) = post(&[("do", "erase"), ("service", "chat")]).await;
    assert_eq!(status, 303);
    done(&server, &json!(2)).await;
    let page = server.html("/settings/record").await;
    assert!(page.contains("Erased: a service"), "{page}");
    let (status, _) = post(&[("do", "undo"), ("correction", "1"), ("version", "1")]).await;
    assert_eq!(status, 303);
    let shown: Value = server.board().await;
    assert_eq!(shown["breakers"][0]["id"], id.as_str());
    assert!(server.stop().await);
}

/// The calls of a day, by model, that count.
async fn counted(server: &TestServer) -> Value {
    let path = "/api/v1/query?metric=requests&group_by=model&from=now-1d&to=now&max_points=1&counting=1";
    let answer: Value = server.read(path).await;
    let series = answer["series"].as_array().unwrap().iter();
    let sum = |series: &Value| series["points"][0][1].as_f64().unwrap();
    series
        .map(|series| json!([series["group"]["model"], sum(series)]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_does_not_count_and_a_name_that_stands_for_another() {
    let server = TestServer::start().await;
    let of = |model: &str, n: usize| {
        let mut call = call("chat", "anna", n);
        call["model"] = model.into();
        call
    };
    server
        .accept(&json!([
            of("gpt4-turbo", 0),
            of("gpt-4-turbo", 1),
            of("small", 600)
        ]))
        .await;
    let all = json!([["gpt-4-turbo", 1.0], ["gpt4-turbo", 1.0], ["small", 1.0]]);
    assert_eq!(counted(&server).await, all);

    let mark = json!({
        "kind": "uncount", "from": now() - 700_000, "to": now() - 500_000, "filter": "service:chat", "note": "load test",
    });
    let rename = json!({
        "kind": "rename", "rename": { "dimension": "model", "old": "gpt4-turbo", "new": "gpt-4-turbo" },
    });
    let eve = member(server.running(), "eve", Role::Operator, "default").await;
    for doc in [&mark, &rename] {
        for path in ["/api/v1/corrections", "/api/v1/corrections/preview"] {
            let (status, _) = send(&server, "POST", path, &eve, doc, None).await;
            assert_eq!(status, 403, "an admin corrects the record");
        }
    }
    let (status, seen) = own(&server, "POST", "/api/v1/corrections/preview", mark.clone()).await;
    assert_eq!(
        (status, &seen["calls"], &seen["series"]),
        (200, &json!(1), &json!(3)),
        "{seen}"
    );
    let (status, seen) = own(&server, "POST", "/api/v1/corrections/preview", rename.clone()).await;
    assert_eq!(
        (status, &seen["calls"], &seen["merges"]),
        (200, &json!(1), &json!(true)),
        "{seen}"
    );

    let (status, marked) = own(&server, "POST", "/api/v1/corrections", mark.clone()).await;
    assert_eq!(
        (status, &marked["filter"]),
        (201, &json!("service:chat")),
        "{marked}"
    );
    let (status, renamed) = own(&server, "POST", "/api/v1/corrections", rename.clone()).await;
    assert_eq!(
        (status, &renamed["rename"]["new"]),
        (201, &json!("gpt-4-turbo")),
        "{renamed}"
    );
    let (status, told) = own(&server, "POST", "/api/v1/corrections", rename).await;
    assert_eq!((status, &told["field"]), (400, &json!("rename.old")), "{told}");
    let mut nameless = mark;
    nameless["note"] = "".into();
    let (status, told) = own(&server, "POST", "/api/v1/corrections", nameless).await;
    assert_eq!((status, &told["field"]), (400, &json!("note")), "{told}");
    assert_eq!(counted(&server).await, json!([["gpt-4-turbo", 2.0]]));

    // Another tenant sees nothing of it, and may not undo it.
    let zoe = other_tenant(&server).await;
    let (status, theirs) = send(
        &server,
        "GET",
        "/t/acme/api/v1/corrections",
        &zoe,
        &json!({}),
        None,
    )
    .await;
    assert_eq!((status, &theirs["items"]), (200, &json!([])), "{theirs}");

    let server = server.restart().await;
    server.accept(&json!([of("gpt4-turbo", 2)])).await;
    assert_eq!(
        counted(&server).await,
        json!([["gpt-4-turbo", 3.0]]),
        "after a restart too"
    );
    for made in [marked, renamed] {
        let path = format!("/api/v1/corrections/{}", made["id"]);
        let (status, undone) = own(&server, "DELETE", &path, json!({})).await;
        assert_eq!((status, &undone["state"]), (200, &json!("undone")), "{undone}");
    }
    let kept = json!([["gpt-4-turbo", 2.0], ["gpt4-turbo", 1.0], ["small", 1.0]]);
    assert_eq!(
        counted(&server).await,
        kept,
        "what came in between keeps its new name"
    );
    for (action, target) in [
        ("record.uncount", "service:chat"),
        ("record.rename", "model gpt4-turbo is gpt-4-turbo"),
    ] {
        let log: Value = server.read(&format!("/api/v1/audit?action={action}")).await;
        assert_eq!(log["items"][0]["target"], target, "{log}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_looks_marks_renames_and_undoes_without_scripts() {
    let server = TestServer::start().await;
    server.accept(&json!([call("chat", "anna", 1)])).await;
    let post = async |form: &[(&str, &str)]| {
        let answer = server
            .client
            .post(server.url("/settings/record"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", format!("http://{}", server.address))
            .header("cookie", &server.cookie)
            .body(urlencoded(form))
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let mark = [
        ("kind", "uncount"),
        ("from", "now-1h"),
        ("to", "now"),
        ("filter", ""),
        ("note", "<b>drill"),
    ];
    let with =
        |first: &'static str, form: &[(&'static str, &'static str)]| [&[("do", first)][..], form].concat();
    let (status, page) = post(&with("look", &mark)).await;
    assert_eq!(status, 200, "{page}");
    assert!(
        page.contains("What would not be counted") && page.contains("1 event of calls,"),
        "{page}"
    );
    assert!(page.contains("drill") && !page.contains("<b>drill"), "{page}");
    assert_eq!(post(&with("correct", &mark)).await.0, 303);
    let rename = [
        ("kind", "rename"),
        ("rename.dimension", "model"),
        ("rename.old", "m1"),
        ("rename.new", "m2"),
        ("note", ""),
    ];
    let (status, page) = post(&with("look", &rename)).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("What would be renamed"), "{page}");
    assert_eq!(post(&with("correct", &rename)).await.0, 303);
    let (status, page) = post(&with("look", &rename)).await;
    assert_eq!(status, 422);
    assert!(page.contains("has a new name already"), "{page}");
    let (status, page) = post(&with(
        "look",
        &[("kind", "uncount"), ("from", "now"), ("to", "now-1h")],
    ))
    .await;
    assert_eq!(status, 422);
    assert!(page.contains("must be after `from`"), "{page}");
    let page = server.html("/settings/record").await;
    for words in [
        "Not counted: everything",
        "Called otherwise: model m1 → m2",
        "value=\"undo\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for (id, made) in [("1", "Not counted"), ("2", "Called otherwise")] {
        let (status, _) = post(&[("do", "undo"), ("correction", id), ("version", "1")]).await;
        assert_eq!(status, 303, "{made}");
    }
    let page = server.html("/settings/record").await;
    assert!(!page.contains("value=\"undo\""), "{page}");
    assert!(server.stop().await);
}
