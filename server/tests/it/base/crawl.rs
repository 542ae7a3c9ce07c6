//! Every address that a page, a style or the manifest writes is below the base, and leads to something.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use reqwest::Response;
use serde_json::{Value, json};
use server::lifecycle::Options;
use url::Url;

use super::{BASE, SETTINGS};
use crate::common::{TestServer, transition};

/// More pages than there are; a crawl that goes on has found addresses that are always new.
const MOST: usize = 400;

/// Pages that must have been come by.
const KNOWN: [&str; 22] = [
    "/",
    "/providers",
    "/breakers",
    "/explore",
    "/limits",
    "/connect",
    "/settings",
    "/settings/members",
    "/settings/keys",
    "/settings/tenants",
    "/settings/audit",
    "/api/v1/audit",
    "/logout",
    "/alerts",
    "/alerts/rules",
    "/alerts/rules/new",
    "/alerts/silences",
    "/alerts/channels",
    "/alerts/deliveries",
    "/api/v1/rules/export",
    "/t/default/",
    "/watch.js",
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_page_writes_is_below_the_base_and_answers() {
    let server = TestServer::start_configured(SETTINGS, Options::default()).await;
    furnish(&server);
    populate(&server).await;
    let mut crawl = Crawl::default();
    let doors = [
        "/",
        "/t/default/",
        "/t/default/settings",
        "/t/default/alerts",
        "/invite",
        "/reset",
        "/ack",
        "/nowhere",
    ];
    for path in doors {
        crawl.find(Url::parse(&server.url(&[BASE, path].concat())).unwrap());
    }
    while let Some(next) = crawl.waiting.pop_front() {
        assert!(crawl.known.len() < MOST, "{:?}", crawl.known);
        let answer = server
            .client
            .get(next.clone())
            .header("cookie", &server.cookie)
            .header("accept", "text/html");
        let answer = answer.send().await.unwrap();
        crawl.read(&next, answer).await;
    }
    for path in KNOWN {
        let whole = [BASE, path].concat();
        assert!(
            crawl
                .known
                .iter()
                .any(|known| known.split('?').next() == Some(&whole)),
            "{whole} is not among {:?}",
            crawl.known
        );
    }
    // Who is nobody sees the door.
    for path in ["/login", "/setup", "/logout", "/login/oidc", "/settings"] {
        let address = Url::parse(&server.url(&[BASE, path].concat())).unwrap();
        let answer = server.client.get(address.clone()).header("accept", "text/html");
        crawl.read(&address, answer.send().await.unwrap()).await;
    }
    assert!(server.stop().await);
}

/// The files that pages name: our own as they are, and something in the place of those that are built.
fn furnish(server: &TestServer) {
    let site = server.folder().join("site");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for file in std::fs::read_dir(root.join("public")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), site.join(file.file_name())).unwrap();
    }
    std::fs::copy(root.join("style/fonts.css"), site.join("pkg/fuseboard.css")).unwrap();
    std::fs::create_dir_all(site.join("fonts")).unwrap();
    for name in [
        "pkg/fuseboard_bg.wasm",
        "fonts/inter.woff2",
        "fonts/jetbrains-mono.woff2",
    ] {
        std::fs::write(site.join(name), "something").unwrap();
    }
}

/// An alert, a channel that was told of it, a silence: pages with rows have more links than empty ones.
async fn populate(server: &TestServer) {
    server.push_two_providers().await;
    let _: Value = server.read("/api/v1/rules").await;
    let channel = json!({
        "name": "ops", "kind": "webhook",
        "secrets": {
            "url": "https://hooks.example.invalid/x", "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        },
    });
    let silence = json!({ "matchers": "provider=\"nobody\"", "ends": crate::common::now() + 3_600_000, "comment": "x" });
    for (path, body) in [("/api/v1/channels", channel), ("/api/v1/silences", silence)] {
        let made = server
            .client
            .post(server.url(path))
            .header("origin", format!("http://{}", server.address))
            .header("cookie", &server.cookie)
            .json(&body);
        let made = made.send().await.unwrap();
        assert_eq!(made.status(), 201, "{path}: {}", made.text().await.unwrap());
    }
    server.accept(&json!([transition("sonnet", "open")])).await;
    for _ in 0..200 {
        let told: Value = server.read("/api/v1/deliveries").await;
        if !told["items"].as_array().unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nobody was told within five seconds");
}

/// What was come by.
#[derive(Default)]
struct Crawl {
    waiting: VecDeque<Url>,
    /// Paths, with the names of what is asked of them.
    known: BTreeSet<String>,
}

impl Crawl {
    fn find(&mut self, address: Url) {
        let names: BTreeSet<String> = address.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let key = match names.is_empty() {
            true => address.path().to_owned(),
            false => format!(
                "{}?{}",
                address.path(),
                names.into_iter().collect::<Vec<_>>().join("&")
            ),
        };
        if self.known.insert(key) {
            self.waiting.push_back(address);
        }
    }

    /// Reads an answer and follows what it names.
    async fn read(&mut self, at: &Url, answer: Response) {
        let status = answer.status().as_u16();
        if let Some(to) = answer.headers().get("location") {
            self.follow(at, to.to_str().unwrap());
            return;
        }
        // A form may be for sending only.
        let fine = matches!(status, 200 | 405) || (status == 404 && at.path().ends_with("/nowhere"));
        assert!(fine, "{at} answers {status}");
        let kind = answer
            .headers()
            .get("content-type")
            .map(|kind| kind.to_str().unwrap().to_owned());
        let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        let found = match kind.unwrap_or_default().split(';').next() {
            Some("text/html") => in_page(at, &text),
            Some("text/css") => between(&text, "url(\"", "\""),
            Some("application/manifest+json") => in_manifest(&text),
            _ => Vec::new(),
        };
        for address in found {
            self.follow(at, &address);
        }
    }

    fn follow(&mut self, at: &Url, written: &str) {
        if written.starts_with('#') || written.starts_with("data:") {
            return;
        }
        let address = at
            .join(written)
            .unwrap_or_else(|error| panic!("{written} on {at}: {error}"));
        if address.origin() != at.origin() {
            let host = address.host_str();
            let ours = host == Some("board.example") || host == at.host_str();
            assert!(!ours, "{written} on {at} is ours and leads elsewhere");
            return;
        }
        let below = address.path().strip_prefix(BASE);
        assert!(
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            "{written} on {at} is not below {BASE}"
        );
        self.find(address);
    }
}

/// The addresses in a page. Whatever else in it begins like one of ours must be below the base as well.
fn in_page(at: &Url, html: &str) -> Vec<String> {
    for value in between(html, "=\"/", "\"") {
        let path = format!("/{value}");
        assert!(
            path == BASE || path.starts_with(&format!("{BASE}/")),
            "{path} in an attribute on {at} is not below {BASE}"
        );
    }
    if html.contains("fuseboard_bg") {
        assert!(
            html.contains(&format!("(\"{BASE}\", \"pkg\", \"fuseboard\"")),
            "the start script on {at}"
        );
    }
    let attributes = [" href=\"", " src=\"", " action=\"", "content=\"0; url="];
    let found = attributes.iter().flat_map(|begin| between(html, begin, "\""));
    found
        .map(|value| value.replace("&amp;", "&").replace("&quot;", "\""))
        .collect()
}

fn in_manifest(text: &str) -> Vec<String> {
    let manifest: Value = serde_json::from_str(text).unwrap();
    let icon = manifest["icons"][0]["src"].as_str().unwrap();
    vec![
        manifest["start_url"].as_str().unwrap().to_owned(),
        icon.to_owned(),
    ]
}

fn between(text: &str, begin: &str, end: &str) -> Vec<String> {
    let parts = text.split(begin).skip(1);
    parts
        .map(|rest| rest.split(end).next().unwrap_or_default().to_owned())
        .collect()
}
