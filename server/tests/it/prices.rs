//! Prices and invoices over a real socket: over JSON, by forms and from a terminal, on both databases.

use serde_json::{Value, json};
use server::lifecycle::Options;
use store::{Role, Scope};

use crate::common::people::member;
use crate::common::{TestServer, cli, now, postgres, urlencoded};

const DAY: i64 = 86_400_000;

const FILE: &str = r#"{
    "sample_spec": { "litellm_provider": "one of …" },
    "acme-large": {
        "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
        "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06
    },
    "gemini/acme-pro": {
        "litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05
    },
    "acme-picture": { "litellm_provider": "openai", "mode": "image_generation", "input_cost_per_image": 0.04 }
}"#;

async fn ask(server: &TestServer, verb: &str, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    ask_as(server, verb, path, body, &server.cookie).await
}

async fn ask_as(
    server: &TestServer,
    verb: &str,
    path: &str,
    body: impl Into<reqwest::Body>,
    cookie: &str,
) -> (u16, Value) {
    let request = server
        .client
        .request(verb.parse().unwrap(), server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("content-type", "application/json")
        .header("cookie", cookie)
        .body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn form(server: &TestServer, fields: &[(&str, &str)]) -> (u16, String, String) {
    let answer = server
        .client
        .post(server.url("/kpis/prices"))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", &server.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(urlencoded(fields))
        .send()
        .await
        .unwrap();
    let to = answer.headers().get("location");
    let to = to.map_or(String::new(), |to| to.to_str().unwrap().to_owned());
    (answer.status().as_u16(), to, answer.text().await.unwrap())
}

fn list(name: &str) -> Value {
    json!({
        "name": name,
        "from": "2020-01-01",
        "entries": [{ "provider": "openai", "model": "acme", "input": "2.50", "output": "10" }],
    })
}

/// A call of yesterday noon, UTC, with a million tokens.
fn yesterday() -> Value {
    let noon = now().div_euclid(DAY) * DAY - DAY / 2;
    json!({
        "type": "call", "time": noon, "provider": "openai", "model": "acme", "outcome": "ok", "duration_ms": 400,
        "input_tokens": 1_000_000, "output_tokens": 0,
    })
}

/// The one value of a query over the last two days.
async fn whole(server: &TestServer, metric: &str) -> Option<f64> {
    let path = format!("/api/v1/query?metric={metric}&from=now-2d&to=now&max_points=1");
    let answer: Value = server.read(&path).await;
    answer["series"][0]["points"][0][1].as_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_cost_gets_one_on_sqlite() {
    priced("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_cost_gets_one_on_postgres() {
    let Some(database) = postgres::create().await else {
        println!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    priced(&format!("[database]\nurl = \"{}\"\n", database.url)).await;
    database.drop().await;
}

async fn priced(toml: &str) {
    let server = TestServer::start_configured(toml, Options::default()).await;
    let (status, made) = ask(&server, "POST", "/api/v1/price-lists", list("first").to_string()).await;
    assert_eq!(
        (status, &made["id"], &made["version"]),
        (201, &json!(1), &json!(1)),
        "{made}"
    );
    server.accept(&json!([yesterday()])).await;
    assert_eq!(whole(&server, "cost").await, Some(2.5));
    assert_eq!(whole(&server, "unpriced").await, Some(0.0));
    let calls: Value = server.read("/api/v1/calls?from=now-2d&to=now").await;
    let call = &calls["items"][0];
    assert_eq!(
        (&call["cost_usd"], &call["cost_estimated"]),
        (&json!(2.5), &json!(true)),
        "{calls}"
    );

    // Removed: what was counted stays, what comes has none.
    let (status, _) = ask(&server, "DELETE", "/api/v1/price-lists/1", "").await;
    assert_eq!(status, 204);
    server.accept(&json!([yesterday()])).await;
    assert_eq!(whole(&server, "cost").await, Some(2.5));
    assert_eq!(whole(&server, "unpriced").await, Some(0.5));

    let day = server.shared().engine.clock().now().div_euclid(DAY) - 1;
    let (year, month, day) = protocol::civil::civil_from_days(day);
    let day = format!("{year}-{month:02}-{day:02}");
    let invoice = json!({ "number": "A-1", "provider": "openai", "from": day, "to": day, "amount": "2.00" });
    let (status, made) = ask(&server, "POST", "/api/v1/invoices", invoice.to_string()).await;
    assert_eq!((status, &made["zone"]), (201, &json!("UTC")), "{made}");
    let page = server.html("/kpis/prices").await;
    assert!(page.contains("+25.0%") && page.contains("$2.50"), "{page}");
    assert!(page.contains("50% of calls had no price"), "{page}");
    assert!(page.contains("reconciled with the invoices of"), "{page}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let server = TestServer::start().await;
    let with = |name: &str, value: Value| {
        let mut list = list("x");
        list[name] = value;
        list
    };
    let entry = |name: &str, value: &str| {
        let mut list = list("x");
        list["entries"][0][name] = json!(value);
        list
    };
    for (body, field) in [
        (with("name", json!("")), "name"),
        (with("from", json!("October")), "from"),
        (with("entries", json!([])), "entries"),
        (entry("model", ""), "entries[0].model"),
        (entry("provider", "OpenAI"), "entries[0].provider"),
        (entry("tier", "cheap"), "entries[0].tier"),
        (entry("input", "2,50"), "entries[0].input"),
        (entry("input", "-1"), "entries[0].input"),
        (entry("output", "0.0000001"), "entries[0].output"),
        (entry("output", "1000001"), "entries[0].output"),
        (entry("cache_read", "free"), "entries[0].cache_read"),
    ] {
        let (status, told) = ask(&server, "POST", "/api/v1/price-lists", body.to_string()).await;
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{told}");
    }
    let float = list("x").to_string().replace("\"2.50\"", "2.50");
    let (status, told) = ask(&server, "POST", "/api/v1/price-lists", float).await;
    assert_eq!(status, 400);
    assert!(
        told["detail"].as_str().unwrap().contains("a decimal in quotes"),
        "{told}"
    );
    let large = " ".repeat((2 << 20) + 1);
    let (status, told) = ask(&server, "POST", "/api/v1/price-lists", large).await;
    assert_eq!(status, 413, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("2 MiB"), "{told}");
    for (query, body, field) in [
        ("from=2026-10-01", FILE, "name"),
        ("name=x", FILE, "from"),
        ("name=x&from=2026-10-01", "nothing", "file"),
        ("name=x&from=2026-10-01&providers=nobody", FILE, "file"),
    ] {
        let path = format!("/api/v1/price-lists/import?{query}");
        let (status, told) = ask(&server, "POST", &path, body).await;
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{told}");
    }
    let invoice = json!({
        "number": "A-1", "provider": "openai", "from": "2026-10-01", "to": "2026-10-31", "amount": "1",
    });
    for (name, value) in [
        ("number", ""),
        ("provider", "az.ai.openai"),
        ("from", "1.10.2026"),
        ("to", "2026-09-30"),
        ("zone", "Mars/Olympus"),
        ("amount", "1,00"),
        ("amount", "0"),
    ] {
        let mut body = invoice.clone();
        body[name] = json!(value);
        let (status, told) = ask(&server, "POST", "/api/v1/invoices", body.to_string()).await;
        assert_eq!((status, &told["field"]), (400, &json!(name)), "{told}");
    }
    let lists: Value = server.read("/api/v1/price-lists").await;
    let invoices: Value = server.read("/api/v1/invoices").await;
    assert_eq!((&lists["items"], &invoices["items"]), (&json!([]), &json!([])));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_on_the_page_and_over_json() {
    let server = TestServer::start().await;
    server.accept(&json!([yesterday()])).await;
    let page = server.html("/kpis/prices").await;
    assert!(page.contains("The only model in use has no price."), "{page}");
    let fields = |what| {
        [
            ("do", what),
            ("name", "October <b>"),
            ("from", "2026-10-01"),
            ("source", ""),
            ("providers", ""),
            ("file", FILE),
        ]
    };
    let (status, _, page) = form(&server, &fields("preview")).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("3 prices of 2 models") && page.contains("3 new, 0 changed, 0 as before"),
        "{page}"
    );
    assert!(
        page.contains("acme (openai)") && page.contains("acme-picture"),
        "{page}"
    );
    assert!(
        page.contains("gemini/acme-pro"),
        "the form keeps what was sent: {page}"
    );
    let lists: Value = server.read("/api/v1/price-lists").await;
    assert_eq!(lists["items"], json!([]), "a look keeps nothing");
    let (status, to, _) = form(&server, &fields("import")).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/prices?done=saved"));
    let page = server.html(&to).await;
    assert!(page.contains("<h3>October &lt;b&gt;</h3>"), "{page}");
    let list: Value = server.read("/api/v1/price-lists/1").await;
    assert_eq!(
        list["entries"][1],
        json!({ "provider": "openai", "model": "acme-large", "tier": "batch", "input": "1.25", "output": "5" })
    );
    // The name is taken: the form comes back as it was.
    let (status, _, page) = form(&server, &fields("import")).await;
    assert_eq!(status, 422);
    assert!(
        page.contains("is there already") && page.contains("gemini/acme-pro"),
        "{page}"
    );
    let path = "/api/v1/price-lists/import?name=again&from=2026-10-02&providers=google&preview=yes";
    let (status, told) = ask(&server, "POST", path, FILE).await;
    assert_eq!(
        (status, &told["list"], &told["same"]),
        (200, &Value::Null, &json!(1)),
        "{told}"
    );

    let bo = member(server.running(), "bo", Role::Viewer, "default").await;
    let (status, _) = ask_as(&server, "POST", "/api/v1/price-lists", list_text(), &bo).await;
    assert_eq!(status, 403, "a viewer looks");
    let (status, to, _) = form(&server, &[("do", "remove_list"), ("list", "1")]).await;
    assert_eq!((status, to.as_str()), (303, "/kpis/prices?done=removed"));
    assert!(server.stop().await);
}

fn list_text() -> String {
    list("of a viewer").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_from_a_terminal() {
    let server = TestServer::start().await;
    let key = server.key_for(&[Scope::ApiRead, Scope::ApiAdmin]).await;
    let folder = server.folder().to_owned();
    std::fs::write(folder.join("admin.key"), key).unwrap();
    std::fs::write(folder.join("prices.json"), FILE).unwrap();
    let url = server.url("");
    let run = |more: &'static [&'static str]| {
        let (folder, url) = (folder.clone(), url.clone());
        let words = [
            "prices",
            "import",
            "prices.json",
            "--from",
            "2026-10-01",
            "--name",
            "October",
        ];
        tokio::task::spawn_blocking(move || {
            let place = ["--url", url.as_str(), "--key-file", "admin.key"];
            cli::run(&folder, &[&words[..], more, &place[..]].concat())
        })
    };
    let looked = run(&["--preview"]).await.unwrap();
    assert_eq!(looked.status.code(), Some(0), "{}", cli::text(&looked.stderr));
    assert!(cli::text(&looked.stdout).starts_with("nothing saved; it would be 3 prices of 2 models"));
    let made = run(&[]).await.unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", cli::text(&made.stderr));
    assert!(cli::text(&made.stdout).starts_with("list 1: 3 prices of 2 models: 3 new"));
    let again = run(&[]).await.unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(cli::text(&again.stderr).contains("is there already"));
    assert!(server.stop().await);
}
