//! The KPI page, its charts and tables, over a store with some calls.

use reqwest::Response;
use serde_json::{Value, json};
use server::lifecycle::Options;
use store::Role;

use crate::common::people::member;
use crate::common::{TestServer, postgres};

async fn open(server: &TestServer, path: &str, cookie: &str) -> Response {
    let asked = server.client.get(server.url(path)).header("accept", "text/html");
    asked.header("cookie", cookie).send().await.unwrap()
}

async fn html(server: &TestServer, path: &str) -> String {
    let answer = open(server, path, &server.cookie).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// The rows of a CSV without quotes, the head first.
async fn rows(server: &TestServer, path: &str) -> Vec<Vec<String>> {
    let answer = open(server, path, &server.cookie).await;
    assert_eq!(answer.status(), 200, "{path}");
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/csv"), "{kind}");
    let saved = answer.headers()["content-disposition"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        saved.starts_with("attachment; filename=\"fuseboard-kpis-"),
        "{saved}"
    );
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("\r\n"), "{text}");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.trim_end().split("\r\n").map(cells).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_a_period_on_sqlite() {
    shows("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_a_period_on_postgres() {
    let Some(database) = postgres::create().await else {
        eprintln!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    shows(&format!("[database]\nurl = \"{}\"\n", database.url)).await;
    database.drop().await;
}

async fn shows(toml: &str) {
    let server = TestServer::start_configured(toml, Options::default()).await;
    server.push_two_providers().await;
    let figures: Value = {
        let answer = server.get("/api/v1/kpis").bearer_auth(&server.key);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let answered = figures["figures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|figure| figure["key"] == "answered")
        .unwrap();
    // 30 of 70 requests were answered.
    let value = answered["value"].as_f64().unwrap();
    assert!((value - 30.0 / 70.0).abs() < 1e-6, "{answered}");

    for path in [
        "/kpis",
        "/t/default/kpis",
        "/kpis?period=year&zone=Asia/Tokyo",
        "/kpis?kiosk=1",
    ] {
        let page = html(&server, path).await;
        for part in ["42.86%", "openai", "anthropic", "How it is computed", "as of"] {
            assert!(page.contains(part), "{part} in {path}: {page}");
        }
        assert!(!page.contains(" style=\""), "{path} has inline styles");
        assert!(!page.contains("+0%"), "{path} has no history");
    }
    assert!(
        html(&server, "/kpis?zone=Asia/Tokyo")
            .await
            .contains("Asia/Tokyo")
    );
    let of_one = html(&server, "/kpis?filter=provider%3Dopenai").await;
    assert!(of_one.contains("100%"), "{of_one}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_charts_are_files() {
    let server = TestServer::start().await;
    server.push_two_providers().await;
    let call = json!({
        "type": "call", "provider": "=cmd", "model": "m", "outcome": "ok", "duration_ms": 400,
    });
    server.accept(&json!([call])).await;
    let providers = rows(&server, "/api/v1/kpis?format=csv&table=providers").await;
    assert_eq!(providers[0][..3], ["id", "provider", "answers"]);
    let named = |name: &str| providers.iter().find(|row| row[1] == name);
    assert_eq!(named("openai").unwrap()[2], "30");
    assert_eq!(named("anthropic").unwrap()[2], "0");
    assert!(named("'=cmd").is_some(), "no cell is a formula: {providers:?}");
    for table in ["figures", "days", "budget", "unreliability", "breakers", "gaps"] {
        let path = format!("/t/default/api/v1/kpis?format=csv&table={table}&period=week");
        let rows = rows(&server, &path).await;
        // The words of `figures` may hold commas, which `rows` does not read.
        let wide = rows[0].len();
        assert!(
            wide >= 3 && rows.iter().all(|row| row.len() >= wide),
            "{table}: {rows:?}"
        );
        let answer = open(&server, &path.replace("csv", "json"), &server.cookie).await;
        let part: Value = answer.json().await.unwrap();
        assert_eq!(part["table"], table);
    }
    for chart in ["unreliability", "breakers"] {
        let path = format!("/kpis/charts/{chart}.svg?period=month");
        let answer = open(&server, &path, &server.cookie).await;
        assert_eq!(answer.headers()["content-type"], "image/svg+xml; charset=utf-8");
        let file = answer.text().await.unwrap();
        assert!(
            file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""),
            "{file}"
        );
        assert!(file.ends_with("</svg>") && !file.contains("var(--"), "{file}");
    }
    for path in ["/kpis/charts/nothing.svg", "/kpis/charts/breakers.png"] {
        assert_eq!(open(&server, path, &server.cookie).await.status(), 404, "{path}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_said_beside_the_form() {
    let server = TestServer::start().await;
    for (query, field) in [
        ("zone=Mars/Olympus", "zone"),
        ("period=fortnight", "period"),
        ("filter=planet:mars", "filter"),
    ] {
        let page = open(&server, &format!("/kpis?{query}"), &server.cookie).await;
        assert_eq!(page.status(), 422, "{query}");
        let page = page.text().await.unwrap();
        assert!(page.contains("class=\"refused\""), "{query}: {page}");
        let problem = open(&server, &format!("/api/v1/kpis?{query}"), &server.cookie).await;
        assert_eq!(problem.status(), 400, "{query}");
        let problem: Value = problem.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
    }
    for query in [
        "table=secrets",
        "format=csv",
        "format=ndjson&table=gaps",
        "colour=red",
    ] {
        let answer = open(&server, &format!("/api/v1/kpis?{query}"), &server.cookie).await;
        assert_eq!(answer.status(), 400, "{query}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_it_and_a_wall_goes_to_own_pages_only() {
    let server = TestServer::start().await;
    let vera = member(server.running(), "vera", Role::Viewer, "default").await;
    let page = open(&server, "/kpis", &vera).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    // An empty store: nothing is claimed.
    assert!(page.contains("No provider was called in this period."), "{page}");
    assert!(
        !page.contains("data-tone=\"good\""),
        "what is unknown is never green"
    );
    let wall = "/kpis?kiosk=1&rotate=/kpis,https://evil.example,//evil.example,/alerts&every=1";
    let page = html(&server, wall).await;
    assert!(page.contains("data-rotate=\"/kpis,/alerts\""), "{page}");
    assert!(
        page.contains("data-every=\"5\"") && !page.contains("evil.example"),
        "{page}"
    );
    assert!(server.stop().await);
}
