//! Links without an account and pages for the public, on both databases: what they show, to whom, until when, and that what
//! people wrote stays text.

use domain::alert::Who;
use engine::Hand;
use protocol::kpis::share::ShareDoc;
use protocol::kpis::status::{ComponentDoc, StatusPageDoc};
use reqwest::Response;
use serde_json::{Value, json};
use server::auth::{self, fresh_share, status_hash};
use server::lifecycle::Options;
use store::{AuditEntry, AuditQuery, Tenant, TenantId};

use crate::common::{TestServer, now, postgres, urlencoded};

const DAY: i64 = 86_400_000;
const EVIL: &str = "<script>alert(1)</script>\"'&]]>";

fn hand() -> Hand {
    Hand {
        who: Who {
            id: "account:test".into(),
            name: "Test".into(),
        },
        address: String::new(),
    }
}

pub fn share(name: &str) -> ShareDoc {
    ShareDoc {
        name: name.into(),
        page: "kpis".into(),
        period: "month".into(),
        filter: String::new(),
        zone: "UTC".into(),
        expires: now() + DAY,
        embed: vec!["https://intranet.example".into()],
        hide: Vec::new(),
    }
}

/// Makes a share of a tenant and gives its token.
pub async fn link_of(server: &TestServer, tenant: &str, doc: &ShareDoc) -> String {
    let scope = auth::by_command_line(TenantId::parse(tenant).unwrap());
    let (token, hash) = fresh_share().unwrap();
    let made = server
        .shared()
        .engine
        .make_share(&scope, doc, hash, &hand())
        .await;
    made.unwrap();
    token
}

/// Publishes a page of a tenant.
pub async fn publish(server: &TestServer, tenant: &str, slug: &str) {
    let scope = auth::by_command_line(TenantId::parse(tenant).unwrap());
    let doc = StatusPageDoc {
        slug: slug.into(),
        title: format!("Status of {tenant}"),
        intro: String::new(),
        published: true,
        components: vec![ComponentDoc {
            name: "Chat".into(),
            filter: String::new(),
            metric: "answered".into(),
            window_min: 15,
            degraded_below: 0.99,
            down_below: 0.9,
            min_samples: 20,
        }],
        incidents: Vec::new(),
    };
    let engine = &server.shared().engine;
    let made = engine
        .make_status_page(&scope, &doc, status_hash(slug), &hand())
        .await;
    made.unwrap();
}

async fn get(server: &TestServer, path: &str) -> Response {
    server.client.get(server.url(path)).send().await.unwrap()
}

fn header(answer: &Response, name: &str) -> String {
    let value = answer.headers().get(name);
    value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

/// A change over JSON by the owner.
async fn ask(server: &TestServer, verb: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = server
        .client
        .request(verb.parse().unwrap(), server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", &server.cookie)
        .json(&body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn form(server: &TestServer, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let answer = server
        .client
        .post(server.url(path))
        .header("origin", format!("http://{}", server.address))
        .header("cookie", &server.cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(urlencoded(fields))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn make_acme(server: &TestServer) {
    let people = &server.shared().people;
    let owner = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await
        .unwrap()
        .unwrap();
    let acme = Tenant {
        id: TenantId::parse("acme").unwrap(),
        name: "Acme".into(),
        created: 0,
    };
    let made = people
        .accounts
        .create_tenant(&people.system, acme, &owner.account.id, AuditEntry::default())
        .await;
    made.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_see_what_is_shared_on_sqlite() {
    prove("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_see_what_is_shared_on_postgres() {
    let Some(database) = postgres::create().await else {
        println!("SKIPPED: FUSEBOARD_TEST_POSTGRES names no server; `cargo xtask test` provides one");
        return;
    };
    prove(&format!("[database]\nurl = \"{}\"\n", database.url)).await;
    database.drop().await;
}

async fn prove(toml: &str) {
    let server = TestServer::start_configured(toml, Options::default()).await;
    make_acme(&server).await;
    server.push_two_providers().await;
    links(&server).await;
    ends(&server).await;
    pages(&server).await;
    assert!(server.stop().await);
}

/// A link shows its share with the headers it needs, is noted, and leads nowhere once it is revoked.
async fn links(server: &TestServer) {
    let wanted = json!({
        "name": EVIL, "period": "month", "zone": "Europe/Berlin", "expires": now() + DAY,
        "embed": ["https://intranet.example"], "hide": ["cost"],
    });
    let (status, made) = ask(server, "POST", "/api/v1/shares", wanted).await;
    assert_eq!(status, 201, "{made}");
    let link = made["link"].as_str().unwrap().to_owned();
    let origin = format!("http://{}", server.address);
    let path = link.strip_prefix(&origin).unwrap().to_owned();
    let token = path.strip_prefix("/s/").unwrap().to_owned();
    assert_eq!(token.len(), 43);

    let answer = get(server, &path).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "referrer-policy"), "no-referrer");
    assert_eq!(header(&answer, "x-robots-tag"), "noindex");
    assert_eq!(header(&answer, "cache-control"), "no-store, private");
    let policy = header(&answer, "content-security-policy");
    assert!(
        policy.ends_with("frame-ancestors 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(header(&answer, "set-cookie").is_empty());
    let html = answer.text().await.unwrap();
    assert!(
        !html.contains("<script>alert") && html.contains("Shared by"),
        "{html}"
    );
    assert!(
        !html.contains("class=\"nav\"") && !html.contains(&server.cookie),
        "{html}"
    );

    let framed = get(server, &format!("{path}/embed")).await;
    let policy = header(&framed, "content-security-policy");
    assert!(
        policy.ends_with("frame-ancestors https://intranet.example"),
        "{policy}"
    );
    let data: Value = get(server, &format!("{path}/data.json"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(data["period"]["zone"], "Europe/Berlin");
    assert!(
        data["figures"]
            .as_array()
            .unwrap()
            .iter()
            .all(|figure| figure["unit"] != "usd")
    );
    // The viewer cannot ask for more.
    let wider = get(server, &format!("{path}/data.json?period=year&filter=provider:x")).await;
    let wider: Value = wider.json().await.unwrap();
    assert_eq!(wider["period"]["asked"], data["period"]["asked"]);
    assert_eq!(wider["filter"], data["filter"]);

    badges(server, &path).await;

    // What is told over the API holds neither the token nor its hash.
    let (_, told) = ask(server, "GET", "/api/v1/shares", Value::Null).await;
    let told = told.to_string();
    assert!(!told.contains(&token) && !told.contains("hash"), "{told}");
    // The token opens nothing else.
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("cookie", format!("fb_sid_{}={token}", server.address.port())),
    ] {
        let asked = server.client.get(server.url("/api/v1/board")).header(name, value);
        assert_eq!(asked.send().await.unwrap().status(), 401, "{name}");
    }
    let log = audit(server, "share.open").await;
    assert_eq!(log.len(), 1, "the first opening of the day: {log:?}");

    let unknown = format!("/s/{}", "0".repeat(43));
    let (status, _) = ask(server, "DELETE", "/api/v1/shares/1", Value::Null).await;
    assert_eq!(status, 204);
    same_nothing(server, &path, &unknown).await;
    assert_eq!(audit(server, "share.remove").await.len(), 1);
}

async fn badges(server: &TestServer, path: &str) {
    let badge = get(server, &format!("{path}/badge/answered.svg")).await;
    assert_eq!(badge.status(), 200);
    assert!(header(&badge, "content-type").starts_with("image/svg+xml"));
    assert!(header(&badge, "cache-control").contains("max-age=60"));
    assert_eq!(header(&badge, "cross-origin-resource-policy"), "cross-origin");
    let labelled = get(
        server,
        &format!("{path}/badge/answered.svg?label=%3Cscript%3Ea%26b"),
    )
    .await;
    let svg = labelled.text().await.unwrap();
    assert!(svg.contains("&lt;script&gt;a&amp;b"), "{svg}");
    well_formed(&svg);
    let long = format!("{path}/badge/answered.svg?label={}", "x".repeat(41));
    assert_eq!(get(server, &long).await.status(), 400);
    for nothing in ["answered", "nothing.svg", "cost_per_answer.svg"] {
        let answer = get(server, &format!("{path}/badge/{nothing}")).await;
        assert_eq!(answer.status(), 404, "{nothing} is not there, or hidden");
    }
}

/// Both are the same page.
async fn same_nothing(server: &TestServer, one: &str, other: &str) {
    for part in ["", "/embed", "/data.json", "/badge/answered.svg"] {
        let (one, other) = (
            get(server, &format!("{one}{part}")).await,
            get(server, &format!("{other}{part}")).await,
        );
        assert_eq!(
            (one.status().as_u16(), other.status().as_u16()),
            (404, 404),
            "{part}"
        );
        let bare = |answer: &Response| {
            let mut headers = answer.headers().clone();
            headers.remove("x-request-id");
            headers.remove("date");
            headers
        };
        assert_eq!(bare(&one), bare(&other), "{part}");
        let (one, other) = (one.text().await.unwrap(), other.text().await.unwrap());
        let numbered = |text: &str| text.split("urn:fuseboard:request:").next().unwrap().to_owned();
        assert_eq!(numbered(&one), numbered(&other), "{part}");
    }
}

/// A link that has ended, one of another kind, and limits of what is made.
async fn ends(server: &TestServer) {
    let token = link_of(
        server,
        "acme",
        &ShareDoc {
            expires: now() + 1_500,
            embed: Vec::new(),
            ..share("Short")
        },
    )
    .await;
    let path = format!("/s/{token}");
    assert_eq!(get(server, &path).await.status(), 200);
    assert_eq!(
        get(server, &format!("{path}/embed")).await.status(),
        404,
        "in no frame"
    );
    tokio::time::sleep(std::time::Duration::from_millis(1_700)).await;
    same_nothing(server, &path, &format!("/s/{}", "1".repeat(43))).await;
    for (field, value) in [
        ("name", json!("")),
        ("page", json!("alerts")),
        ("period", json!("always")),
        ("filter", json!("nonsense:x")),
        ("zone", json!("Mars/Olympus")),
        ("expires", json!(now() - 1)),
        ("expires", json!(now() + 401 * DAY)),
        ("embed[0]", json!(["https://*.example"])),
        ("hide", json!(["everything"])),
    ] {
        let mut wanted = json!({ "name": "x", "expires": now() + DAY });
        let own = field.split('[').next().unwrap();
        wanted[own] = value;
        let (status, problem) = ask(server, "POST", "/api/v1/shares", wanted).await;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
}

/// A page for the public: not before it is published, in all of its forms, one of a name.
async fn pages(server: &TestServer) {
    let mut page = json!({
        "slug": "chat", "title": EVIL, "intro": EVIL,
        "components": [
            { "name": EVIL, "filter": "provider:openai" },
            { "name": "Down", "filter": "provider:anthropic", "metric": "availability" },
            { "name": "Nobody", "filter": "provider:nobody" },
        ],
    });
    let (status, made) = ask(server, "POST", "/api/v1/status-pages", page.clone()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(get(server, "/status/chat").await.status(), 404, "not published");
    page["published"] = json!(true);
    let (status, changed) = ask(server, "PUT", "/api/v1/status-pages/1", page).await;
    assert_eq!(status, 200, "{changed}");
    let incident = json!({
        "title": EVIL, "impact": "minor", "components": ["Nobody"], "state": "investigating", "text": EVIL,
    });
    let (status, told) = ask(server, "POST", "/api/v1/status-pages/1/incidents", incident).await;
    assert_eq!((status, &told["id"]), (201, &json!(1)), "{told}");
    let update = json!({ "state": "monitoring", "text": "It is better." });
    let (status, told) = ask(server, "POST", "/api/v1/status-pages/1/incidents/1", update).await;
    assert_eq!(status, 200, "{told}");

    let answer = get(server, "/status/chat").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "cache-control"), "public, max-age=15");
    let html = answer.text().await.unwrap();
    assert!(
        !html.contains("<script>alert") && html.contains("It is better."),
        "{html}"
    );
    let summary: Value = get(server, "/status/chat/api/v2/summary.json")
        .await
        .json()
        .await
        .unwrap();
    let standings: Vec<&str> = summary["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        standings,
        ["operational", "major_outage", "degraded_performance"],
        "{summary}"
    );
    assert_eq!(summary["status"]["indicator"], "major");
    assert_eq!(summary["incidents"][0]["status"], "monitoring");
    assert_eq!(
        summary["incidents"][0]["incident_updates"][0]["body"],
        "It is better."
    );
    for (file, fields) in [
        (
            "summary",
            &[
                "page",
                "components",
                "incidents",
                "scheduled_maintenances",
                "status",
            ][..],
        ),
        ("status", &["page", "status"]),
        ("components", &["page", "components"]),
        ("incidents", &["page", "incidents"]),
    ] {
        let told: Value = get(server, &format!("/status/chat/api/v2/{file}.json"))
            .await
            .json()
            .await
            .unwrap();
        let names: Vec<&String> = told.as_object().unwrap().keys().collect();
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        assert_eq!(names, fields, "{file}");
    }
    let rss = get(server, "/status/chat/feed.rss").await;
    assert!(header(&rss, "content-type").starts_with("application/rss+xml"));
    well_formed(&rss.text().await.unwrap());
    let feed: Value = get(server, "/status/chat/feed.json").await.json().await.unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["items"][0]["title"], format!("{EVIL} (monitoring)"));

    // The name is one of the installation, and free once the page is gone.
    let twin = json!({ "slug": "chat", "title": "Twin" });
    let (status, problem) = ask(server, "POST", "/t/acme/api/v1/status-pages", twin.clone()).await;
    assert_eq!(status, 409, "{problem}");
    let (status, _) = ask(server, "DELETE", "/api/v1/status-pages/1", Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(get(server, "/status/chat").await.status(), 404);
    let (status, made) = ask(server, "POST", "/t/acme/api/v1/status-pages", twin).await;
    assert_eq!(status, 201, "{made}");
}

async fn audit(server: &TestServer, action: &str) -> Vec<AuditEntry> {
    let scope = auth::by_command_line(TenantId::default_tenant());
    let query = AuditQuery {
        limit: 500,
        ..AuditQuery::default()
    };
    let found = server.shared().audits.audit(&scope, query).await.unwrap();
    let entries = found.into_iter().map(|sealed| sealed.entry);
    entries.filter(|entry| entry.action == action).collect()
}

/// Elements are closed in order and nothing but entities begins with `&`.
fn well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        assert!(entities(&rest[..at]), "{xml}");
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<') && entities(tag), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.starts_with('?') && !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} in {xml}");
}

fn entities(text: &str) -> bool {
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    text.split('&')
        .skip(1)
        .all(|rest| known.iter().any(|known| rest.starts_with(known)))
}

/// The same by forms; a viewer of the page learns no secret.
#[tokio::test(flavor = "multi_thread")]
async fn forms_make_links_and_pages() {
    let server = TestServer::start().await;
    let fields = [
        ("do", "share"),
        ("name", "Board"),
        ("period", "month"),
        ("ends", "30"),
        ("zone", "UTC"),
        ("hide", "cost"),
        ("hide", "providers"),
    ];
    let (status, html) = form(&server, "/kpis/sharing", &fields).await;
    assert_eq!(status, 200, "{html}");
    let once = html.split("data-once").nth(1).expect("the link is shown");
    let token = once
        .split("/s/")
        .nth(1)
        .unwrap()
        .chars()
        .take(43)
        .collect::<String>();
    assert_eq!(get(&server, &format!("/s/{token}")).await.status(), 200);
    let again = server
        .client
        .get(server.url("/kpis/sharing"))
        .header("cookie", &server.cookie);
    let html = again.send().await.unwrap().text().await.unwrap();
    assert!(
        !html.contains(&token) && html.contains("without cost, providers"),
        "{html}"
    );
    let (status, html) = form(
        &server,
        "/kpis/sharing",
        &[("do", "share"), ("name", ""), ("ends", "30")],
    )
    .await;
    assert!(status == 422 && html.contains("must have 1 to 80"), "{html}");
    let (status, _) = form(&server, "/kpis/sharing", &[("do", "revoke"), ("share", "1")]).await;
    assert_eq!(status, 303);
    assert_eq!(get(&server, &format!("/s/{token}")).await.status(), 404);

    let made = [("do", "status"), ("title", "Chat"), ("slug", "chat")];
    assert_eq!(form(&server, "/kpis/sharing", &made).await.0, 303);
    let saved = [
        ("do", "page"),
        ("version", "1"),
        ("title", "Chat"),
        ("slug", "chat"),
        ("published", "yes"),
        ("components.0.name", "API"),
        ("components.0.metric", "answered"),
        ("components.0.window_min", "5"),
        ("components.0.degraded_below", "99.5"),
        ("components.0.down_below", "90"),
        ("components.0.min_samples", "20"),
    ];
    let (status, html) = form(&server, "/kpis/sharing/1", &saved).await;
    assert_eq!(status, 303, "{html}");
    let told = [
        ("do", "incident"),
        ("title", "Slow"),
        ("impact", "minor"),
        ("state", "investigating"),
        ("text", "We look."),
        ("components", "API"),
    ];
    assert_eq!(form(&server, "/kpis/sharing/1", &told).await.0, 303);
    let more = [
        ("do", "update"),
        ("incident", "1"),
        ("state", "resolved"),
        ("impact", "minor"),
        ("text", "Over."),
    ];
    assert_eq!(form(&server, "/kpis/sharing/1", &more).await.0, 303);
    let html = get(&server, "/status/chat").await.text().await.unwrap();
    assert!(
        html.contains("Over.") && html.contains("No data: nobody can tell how it is."),
        "{html}"
    );
    let wrong = [
        ("do", "incident"),
        ("title", "x"),
        ("impact", "huge"),
        ("state", "investigating"),
        ("text", "x"),
    ];
    let (status, html) = form(&server, "/kpis/sharing/1", &wrong).await;
    assert!(
        status == 422 && html.contains("must be one of none, minor"),
        "{html}"
    );
    assert_eq!(form(&server, "/kpis/sharing/1", &[("do", "remove")]).await.0, 303);
    assert_eq!(get(&server, "/status/chat").await.status(), 404);
    assert!(server.stop().await);
}
