//! Below a path of a host that others share (ADR 0036): whatever is written for somebody else is below it, and requests come
//! in with it and without it.

mod crawl;

use std::collections::HashMap;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::lifecycle::{self, Options};
use store::Role;

use crate::channels::receiver::Receiver;
use crate::common::people::{PASSWORD, with_password};
use crate::common::{self, TestServer, call, transition, urlencoded};
use crate::oidc::place::Place;

/// The path, and where browsers see it.
const BASE: &str = "/ops/fuse";
const ORIGIN: &str = "https://board.example";
const SETTINGS: &str = "[server]\nexternal_url = \"https://board.example/ops/fuse/\"\n";

/// What a proxy in front of it does with the path.
const PROXIES: [Proxy; 2] = [Proxy::PassesOn, Proxy::TakesOff];

#[derive(Debug, Clone, Copy)]
enum Proxy {
    PassesOn,
    TakesOff,
}

/// A browser that sees the server through such a proxy.
struct Browser<'a> {
    server: &'a TestServer,
    proxy: Proxy,
    cookie: String,
}

impl Browser<'_> {
    /// `path` as the browser has it in its address bar.
    async fn ask(&self, method: Method, path: &str, form: Option<&[(&str, &str)]>) -> Response {
        let path = match self.proxy {
            Proxy::PassesOn => path,
            Proxy::TakesOff => path.strip_prefix(BASE).unwrap(),
        };
        let mut request = self
            .server
            .client
            .request(method, self.server.url(path))
            .header("host", "board.example")
            .header("x-forwarded-for", "203.0.113.9")
            .header("accept", "text/html")
            .header("cookie", &self.cookie);
        if let Some(form) = form {
            let body = urlencoded(form);
            request = request
                .header("origin", ORIGIN)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.ask(Method::POST, path, Some(form)).await
    }
}

fn location(answer: &Response) -> &str {
    answer.headers()["location"].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_in_and_go_through_either_proxy() {
    let server = TestServer::start_configured(SETTINGS, Options::default()).await;
    with_password(server.running(), "ada", Role::Operator).await;
    for proxy in PROXIES {
        let mut browser = Browser {
            server: &server,
            proxy,
            cookie: String::new(),
        };
        let led = browser.get("/ops/fuse/breakers?from=now-7d&to=now").await;
        assert_eq!(led.status(), 303, "{proxy:?}");
        let to_login = location(&led).to_owned();
        assert_eq!(
            to_login,
            "/ops/fuse/login?next=%2Fops%2Ffuse%2Fbreakers%3Ffrom%3Dnow-7d%26to%3Dnow"
        );
        assert_eq!(location(&browser.get("/ops/fuse/").await), "/ops/fuse/login");
        let html = browser.get(&to_login).await.text().await.unwrap();
        assert!(html.contains("action=\"/ops/fuse/login\""), "{html}");

        let next = "/ops/fuse/breakers?from=now-7d&to=now";
        let form = |next| {
            [
                ("email", "ada@example.com"),
                ("password", PASSWORD),
                ("next", next),
            ]
        };
        let signed_in = browser.post("/ops/fuse/login", &form(next)).await;
        assert_eq!((signed_in.status().as_u16(), location(&signed_in)), (303, next));
        let set = signed_in.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.starts_with("__Host-fb_sid_"), "{set}");
        assert!(set.contains("; Path=/;") && set.ends_with("; Secure"), "{set}");
        // Of the same host, and not of ours.
        for elsewhere in ["/wiki/", "/ops/fuse/../wiki/", "//evil.example/ops/fuse/"] {
            let led = browser.post("/ops/fuse/login", &form(elsewhere)).await;
            assert_eq!(location(&led), "/ops/fuse/", "{elsewhere}");
        }
        browser.cookie = set.split(';').next().unwrap().to_owned();
        let page = browser.get(next).await;
        assert_eq!(page.status(), 200, "{proxy:?}");

        let out = browser.post("/ops/fuse/logout", &[]).await;
        assert_eq!(location(&out), "/ops/fuse/login");
        assert_eq!(location(&browser.get("/ops/fuse/").await), "/ops/fuse/login");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_is_set_up_below_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
    std::fs::write(folder.path().join("fuseboard.toml"), SETTINGS).unwrap();
    let config = common::config(folder.path());
    let running = lifecycle::start(&config, Options::default()).await.unwrap();
    let link = running.set_up_at.clone().unwrap();
    let token = link
        .strip_prefix("https://board.example/ops/fuse/setup#t=")
        .unwrap();
    let here = format!("http://{}", running.address);
    let client = reqwest::Client::builder().no_proxy();
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let led = client
        .get(format!("{here}/ops/fuse/providers"))
        .send()
        .await
        .unwrap();
    assert_eq!(location(&led), "/ops/fuse/setup");
    let form = [
        ("token", token),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ];
    let body = urlencoded(&form);
    let made = client
        .post(format!("{here}/ops/fuse/setup"))
        .header("origin", &here)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let made = made.send().await.unwrap();
    assert_eq!(
        (made.status().as_u16(), location(&made)),
        (303, "/ops/fuse/connect")
    );
    assert!(running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_sockets_are_let_in_below_it_and_beside_it() {
    let server = TestServer::start_configured(SETTINGS, Options::default()).await;
    for (path, id) in [("/ops/fuse/api/v1/events", "a"), ("/api/v1/events", "b")] {
        let sent = server
            .client
            .post(server.url(path))
            .bearer_auth(&server.key)
            .json(&json!([call(id)]));
        assert_eq!(sent.send().await.unwrap().status(), 200, "{path}");
    }
    for path in [
        "/ops/fuse/api/v1/calls",
        "/api/v1/calls",
        "/ops/fuse/t/default/api/v1/limits",
    ] {
        let _: Value = server.read(path).await;
    }
    for path in [
        "/ops/fuse",
        "/ops/fuse/",
        "/ops/fuse?range=5m",
        "/ops/fuse/t/default",
        "/",
    ] {
        let html = server.html(path).await;
        assert!(html.contains("src=\"/ops/fuse/watch.js\""), "{path}");
    }
    for path in ["/ops/fuses/", "/ops/", "/ops/fuse/ops/", "/fuse/login"] {
        server.html_of(path, 404).await;
    }
    for path in ["/ops/fuse/ws/v1", "/ws/v1", "/ops/fuse/t/default/ws/v1"] {
        let url = format!("ws://{}{path}", server.address).parse().unwrap();
        let origin = format!("http://{}", server.address).parse().unwrap();
        let cookie = server.cookie.parse().unwrap();
        let socket = server.socket_with(|request| {
            *request.uri_mut() = url;
            request.headers_mut().insert("origin", origin);
            request.headers_mut().insert("cookie", cookie);
        });
        let mut socket = socket.await.unwrap();
        socket.subscribe("board").await;
        socket.until(|replica| replica.board().is_some()).await;
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_messages_lead_below_it() {
    let receiver = Receiver::start().await;
    let toml = format!("{SETTINGS}[outbound]\nallow = [\"{}\"]\n", receiver.address);
    let server = TestServer::start_configured(&toml, Options::default()).await;
    let change = |path: &'static str, body: Value| {
        let request = server
            .client
            .post(server.url(path))
            .header("origin", format!("http://{}", server.address))
            .header("cookie", &server.cookie)
            .json(&body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let webhook = json!({
        "name": "ops", "kind": "webhook",
        "secrets": { "url": receiver.url("ops"), "secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" },
    });
    let (status, made) = change("/ops/fuse/api/v1/channels", webhook).await;
    assert_eq!(status, 201, "{made}");
    let invited = json!({ "email": "bob@example.com", "role": "viewer" });
    let (status, invited) = change("/ops/fuse/api/v1/invitations", invited).await;
    assert_eq!(status, 201, "{invited}");
    let link = invited["link"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("http://{}/ops/fuse/invite#t=", server.address)),
        "{link}"
    );

    let _: Value = server.read("/api/v1/rules").await;
    server.accept(&json!([transition("sonnet", "open")])).await;
    let told = receiver.wait_for(1).await.remove(0).json();
    let links = links_of(&told);
    let link = |end: &str| {
        let mut found = links.iter().filter(|link| link.contains(end));
        found
            .next()
            .unwrap_or_else(|| panic!("no {end} in {told}"))
            .clone()
    };
    assert!(
        link("/alerts/").starts_with("https://board.example/ops/fuse/alerts/"),
        "{told}"
    );
    let ack = link("/ack#t=");
    let token = ack.strip_prefix("https://board.example/ops/fuse/ack#t=").unwrap();
    let browser = Browser {
        server: &server,
        proxy: Proxy::TakesOff,
        cookie: String::new(),
    };
    let asked = browser.get("/ops/fuse/ack").await.text().await.unwrap();
    assert!(asked.contains("action=\"/ops/fuse/ack\""), "{asked}");
    let taken = browser
        .post("/ops/fuse/ack", &[("token", token), ("press", "yes")])
        .await;
    assert_eq!(taken.status(), 200);
    let html = taken.text().await.unwrap();
    assert!(
        html.contains("It is taken") && html.contains("href=\"/ops/fuse/alerts/"),
        "{html}"
    );
    assert!(server.stop().await);
}

/// Every address in what was sent.
fn links_of(told: &Value) -> Vec<String> {
    match told {
        Value::String(text) if text.starts_with("http") => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(links_of).collect(),
        Value::Object(all) => all.values().flat_map(links_of).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_told_to_send_people_back_below_it() {
    let place = Place::new(SETTINGS).await;
    let browser = Browser {
        server: &place.server,
        proxy: Proxy::PassesOn,
        cookie: String::new(),
    };
    let page = browser.get("/ops/fuse/login").await.text().await.unwrap();
    assert!(page.contains("action=\"/ops/fuse/login/oidc\""), "{page}");
    let led = browser.post("/ops/fuse/login/oidc", &[]).await;
    assert_eq!(led.status(), 200);
    let cookie = led.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-fb_oidc_"), "{cookie}");
    let html = led.text().await.unwrap().replace("&amp;", "&");
    let to = html.split("0; url=").nth(1).unwrap().split('"').next().unwrap();
    let to = url::Url::parse(to).unwrap();
    let asked: HashMap<_, _> = to.query_pairs().collect();
    assert_eq!(
        asked["redirect_uri"],
        "https://board.example/ops/fuse/login/oidc/callback"
    );
    assert!(place.server.stop().await);
}
