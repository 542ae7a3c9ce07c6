//! 12 ways to make somebody's browser ask for a change × every route that takes one, as the table of routes has them: a
//! route that is added is asked too.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use server::http::ROUTES;
use store::{AuditQuery, TenantId};

use crate::common::people::PASSWORD;
use crate::common::{RawAnswer, TestServer, urlencoded};

const METHODS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A forgery: how the request begins, what it says of where it comes from, and what kind of body it has.
struct Forgery {
    name: &'static str,
    /// Instead of the route's own method.
    method: Option<&'static str>,
    lines: String,
    kind: &'static str,
}

fn forgeries(host: &str) -> Vec<Forgery> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let evil = "origin: http://evil.example\r\n";
    let cross = "sec-fetch-site: cross-site\r\n";
    let forge = |name, method, lines: String, kind| Forgery {
        name,
        method,
        lines: format!("host: {host}\r\n{lines}"),
        kind,
    };
    let (address, port) = host.rsplit_once(':').unwrap();
    let neighbour = port.parse::<u16>().unwrap().wrapping_add(1);
    let over = "x-http-method-override: POST\r\nx-method-override: POST\r\n";
    vec![
        forge("another site's form", None, format!("{evil}{cross}"), FORM),
        forge("JSON as text", None, format!("{evil}{cross}"), "text/plain"),
        forge(
            "multipart",
            None,
            format!("{evil}{cross}"),
            "multipart/form-data; boundary=b",
        ),
        forge(
            "no-cors",
            None,
            format!("{evil}{cross}sec-fetch-mode: no-cors\r\n"),
            "text/plain",
        ),
        forge("cross-site alone", None, cross.into(), FORM),
        forge(
            "same-site alone",
            None,
            "sec-fetch-site: same-site\r\n".into(),
            FORM,
        ),
        forge(
            "none, and an origin",
            None,
            format!("{evil}sec-fetch-site: none\r\n"),
            FORM,
        ),
        forge("nothing said", None, String::new(), "application/json"),
        forge("a sandbox", None, "origin: null\r\n".into(), FORM),
        forge(
            "another port of this machine",
            None,
            format!("origin: http://{address}:{neighbour}\r\nsec-fetch-site: same-site\r\n"),
            "application/json",
        ),
        forge(
            "a GET that says it is another",
            Some("GET"),
            format!("{cross}{over}"),
            FORM,
        ),
        forge(
            "a HEAD that says so",
            Some("HEAD"),
            format!("{cross}{over}"),
            FORM,
        ),
    ]
}

/// The victim, and everything that a forged request could change.
struct Victim {
    server: TestServer,
    cookie: String,
}

/// All that would tell.
#[derive(Debug, PartialEq)]
struct Traces {
    /// Entries of the audit log that are no refusals.
    audit: Vec<String>,
    accepted: String,
    signed_in: u16,
}

impl Victim {
    async fn new() -> Victim {
        let server = TestServer::start().await;
        let people = &server.shared().people;
        // The owner of a test server has no password yet.
        let token = people
            .offer_reset("owner@example.com", "a test", 3_600_000)
            .await
            .unwrap()
            .unwrap();
        let mut victim = Victim {
            cookie: server.cookie.clone(),
            server,
        };
        let body = [("token", token.as_str()), ("password", PASSWORD)];
        let made = victim.on_own_page("/reset", &body).await;
        assert_eq!(made.status(), 303);
        victim.sign_in().await;
        victim
    }

    /// As one of our own pages does it.
    async fn on_own_page(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let origin = format!("http://{}", self.server.address);
        self.server
            .client
            .post(self.server.url(path))
            .header("origin", origin)
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(fields))
            .send()
            .await
            .unwrap()
    }

    async fn sign_in(&mut self) {
        let fields = [
            ("email", "owner@example.com"),
            ("password", PASSWORD),
            ("next", "/"),
        ];
        let entered = self.on_own_page("/login", &fields).await;
        assert_eq!(entered.status(), 303);
        let set = entered.headers()["set-cookie"].to_str().unwrap();
        self.cookie = set.split(';').next().unwrap().to_owned();
    }

    async fn traces(&self) -> Traces {
        let ask = async |path: &str| {
            let request = self.server.client.request(Method::GET, self.server.url(path));
            request.header("cookie", &self.cookie).send().await.unwrap()
        };
        let scope = server::auth::by_command_line(TenantId::default_tenant());
        let everything = AuditQuery {
            limit: 1_000,
            ..AuditQuery::default()
        };
        let audits = &self.server.shared().audits;
        let found = audits.audit(&scope, everything).await.unwrap();
        let metrics = self
            .server
            .client
            .get(self.server.url("/metrics"))
            .bearer_auth(&self.server.key);
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        let accepted = metrics
            .lines()
            .find(|line| line.starts_with("fuseboard_events_accepted_total"));
        Traces {
            audit: found
                .into_iter()
                .map(|sealed| sealed.entry)
                .filter(|entry| entry.action != "access.denied")
                .map(|entry| format!("{} {} {}", entry.action, entry.actor, entry.target))
                .collect(),
            accepted: accepted.unwrap_or_default().to_owned(),
            signed_in: ask("/api/v1/board").await.status().as_u16(),
        }
    }

    /// Methods that may change something, of each address that takes one.
    async fn unsafe_routes(&self) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        for route in ROUTES.iter() {
            let path = filled(route.path);
            let host = format!("host: {}\r\n", self.server.address);
            let told = self
                .server
                .raw(&format!(
                    "BREW {path} HTTP/1.1\r\nconnection: close\r\n{host}\r\n"
                ))
                .await;
            assert_eq!(told.status, 405, "{path}: {told:?}");
            let head = told.head.to_ascii_lowercase();
            let allowed = head
                .split("allow: ")
                .nth(1)
                .unwrap()
                .split("\r\n")
                .next()
                .unwrap();
            let allowed: BTreeSet<&str> = allowed.split(',').map(str::trim).collect();
            for method in METHODS {
                if allowed.contains(method.to_ascii_lowercase().as_str()) {
                    found.push((path.clone(), method));
                }
            }
        }
        found
    }
}

/// The route with something in the place of each parameter.
fn filled(path: &str) -> String {
    let word = |word: &str| match word {
        "{slug}" => "default".to_owned(),
        "{*file}" => "fuseboard.js".to_owned(),
        word if word.starts_with('{') => "b_0000000000000000".to_owned(),
        word => word.to_owned(),
    };
    path.split('/').map(word).collect::<Vec<_>>().join("/")
}

fn encoded(fields: &[(&str, &str)]) -> String {
    urlencoded(fields)
}

/// What the route would take from one of our own pages.
fn body(path: &str, kind: &str) -> String {
    let fields: &[(&str, &str)] = match path {
        "/login" => &[
            ("email", "owner@example.com"),
            ("password", PASSWORD),
            ("next", "/"),
        ],
        "/setup" => &[
            ("token", "t"),
            ("email", "evil@example.com"),
            ("password", PASSWORD),
        ],
        _ => &[
            ("token", "t"),
            ("password", PASSWORD),
            ("email", "evil@example.com"),
        ],
    };
    if kind == "application/x-www-form-urlencoded" {
        return encoded(fields);
    }
    let object: serde_json::Map<String, Value> = match path {
        "/api/v1/events" => serde_json::from_value(crate::common::call("m")).unwrap_or_default(),
        _ => fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect(),
    };
    Value::Object(object).to_string()
}

/// What is wrong: something happened, or the answer looks as if.
fn judge(before: &Traces, after: &Traces, method: &str, answer: &RawAnswer) -> Option<String> {
    if before != after {
        return Some(format!("something happened: {before:?} became {after:?}"));
    }
    if answer.head.to_ascii_lowercase().contains("set-cookie") {
        return Some(format!("a cookie was given: {}", answer.head));
    }
    let changes = !matches!(method, "GET" | "HEAD");
    (changes && !matches!(answer.status, 401 | 403)).then(|| format!("answered {}", answer.status))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forgery_changes_anything() {
    let victim = Victim::new().await;
    let routes = victim.unsafe_routes().await;
    let host = victim.server.address.to_string();
    let mut cases = 0;
    let before = victim.traces().await;
    assert_eq!(before.signed_in, 200);
    for (path, method) in &routes {
        for forgery in forgeries(&host) {
            let method = forgery.method.unwrap_or(method);
            let body = body(path, forgery.kind);
            let request = format!(
                "{method} {path}?_method=POST HTTP/1.1\r\nconnection: close\r\n{}cookie: {}\r\ncontent-type: {}\r\n\
                 content-length: {}\r\n\r\n{body}",
                forgery.lines,
                victim.cookie,
                forgery.kind,
                body.len()
            );
            let answer = victim.server.raw(&request).await;
            let after = victim.traces().await;
            if let Some(wrong) = judge(&before, &after, method, &answer) {
                panic!("{method} {path}, {}: {wrong}", forgery.name);
            }
            cases += 1;
        }
    }
    let names: Vec<String> = routes
        .iter()
        .map(|(path, method)| format!("{method} {path}"))
        .collect();
    println!("{cases} forgeries against {}", names.join(", "));
    assert!(names.contains(&"POST /logout".to_owned()) && names.contains(&"POST /api/v1/events".to_owned()));
    assert_eq!(cases, routes.len() * 12);
    assert!(victim.server.stop().await);
}

/// The control: the same bodies from our own pages change what is looked at, and the judge sees it.
#[tokio::test(flavor = "multi_thread")]
async fn the_judge_of_forgeries_can_say_no() {
    let mut victim = Victim::new().await;
    let answer = |status| RawAnswer {
        status,
        head: String::new(),
        body: String::new(),
    };
    let before = victim.traces().await;
    assert_eq!(judge(&before, &before, "POST", &answer(403)), None);
    assert!(judge(&before, &before, "POST", &answer(303)).is_some());
    let given = RawAnswer {
        head: "HTTP/1.1 403\r\nSet-Cookie: a=b".into(),
        ..answer(403)
    };
    assert!(judge(&before, &before, "POST", &given).is_some());

    victim.server.accept(&crate::common::call("m")).await;
    let accepted = victim.traces().await;
    assert!(
        judge(&before, &accepted, "POST", &answer(403)).is_some(),
        "an event"
    );
    let out = victim.on_own_page("/logout", &[]).await;
    assert_eq!(out.status(), 303);
    let signed_out = victim.traces().await;
    assert_eq!(signed_out.signed_in, 401);
    assert!(
        judge(&accepted, &signed_out, "POST", &answer(403)).is_some(),
        "signing out"
    );
    victim.sign_in().await;
    let entered = victim.traces().await;
    assert!(
        entered.audit.len() > signed_out.audit.len(),
        "signing in is in the log"
    );
    assert!(victim.server.stop().await);
}
