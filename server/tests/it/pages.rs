//! Pages and files as a browser gets them.

use crate::common::{TestServer, call, transition};
use reqwest::{RequestBuilder, Response};
use serde_json::json;

fn as_browser(request: RequestBuilder) -> RequestBuilder {
    request
        .header("accept", "text/html,application/xhtml+xml")
        .header("sec-fetch-site", "none")
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_paint_has_the_numbers_and_a_policy() {
    let server = TestServer::start().await;
    server
        .accept(&json!([call("a"), transition("chat-breaker", "open")]))
        .await;
    for path in ["/", "/connect", "/t/default", "/t/default/", "/t/default/connect"] {
        let response = as_browser(server.get(path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&response, "cache-control"), "no-store");
        let policy = header(&response, "content-security-policy").to_owned();
        let html = response.text().await.unwrap();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .unwrap()
            .to_owned();
        assert!(nonce.len() >= 16, "{policy}");
        assert!(
            policy.contains("style-src 'self'; style-src-attr 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            let allowed = tag.contains(&format!("nonce=\"{nonce}\""))
                || tag.contains("src=\"/")
                || tag.contains("json");
            assert!(allowed, "{path}: <script{tag}> will not run");
        }
        assert!(
            !html.contains(" style=\""),
            "{path} has inline styles, which the policy ignores"
        );
        if !path.ends_with("connect") {
            assert!(html.contains("chat-breaker"), "{path} does not show the breaker");
        }
    }
    let one = as_browser(server.get("/")).send().await.unwrap();
    let two = as_browser(server.get("/")).send().await.unwrap();
    let nonces = [&one, &two].map(|response| header(response, "content-security-policy").to_owned());
    assert_ne!(nonces[0], nonces[1], "a nonce is used once");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_are_pages_for_people_and_problems_for_programs() {
    let server = TestServer::start().await;
    server
        .accept(&json!([call("a"), transition("chat-breaker", "open")]))
        .await;
    for path in [
        "/nowhere",
        "/t/nobody",
        "/t/nobody/connect",
        "/T/default",
        "/t/default/nowhere",
    ] {
        let page = as_browser(server.get(path)).send().await.unwrap();
        assert_eq!(page.status(), 404, "{path}");
        assert_eq!(
            header(&page, "content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
        assert!(
            header(&page, "content-security-policy").contains("nonce-"),
            "{path}"
        );
    }
    let problem = server.get("/nowhere").send().await.unwrap();
    assert_eq!(problem.status(), 404);
    assert_eq!(header(&problem, "content-type"), "application/problem+json");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_key_is_only_shown_to_this_machines_browser() {
    let server = TestServer::start().await;
    let page = as_browser(server.get("/connect"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains(&server.key), "the snippet has the key");
    let page = server
        .get("/connect")
        .bearer_auth(&server.key)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        !page.contains(&server.key),
        "a key that may read must not find one that may write"
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_theme_is_there_from_the_first_paint() {
    let server = TestServer::start().await;
    let page = as_browser(server.get("/"))
        .header("cookie", "fb_theme=dark")
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("data-theme=\"dark\""));
    let page = as_browser(server.get("/"))
        .header("cookie", "fb_theme=\"><script>")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(!page.contains("data-theme=\"dark\"") && !page.contains("\"><script>\""));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_compressed_for_those_who_take_it() {
    let server = TestServer::start().await;
    for coding in ["br", "gzip"] {
        let page = as_browser(server.get("/"))
            .header("accept-encoding", coding)
            .send()
            .await
            .unwrap();
        assert_eq!(header(&page, "content-encoding"), coding);
    }
    let page = as_browser(server.get("/")).send().await.unwrap();
    assert_eq!(header(&page, "content-encoding"), "");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_tags_and_come_precompressed() {
    let server = TestServer::start().await;
    let plain = server.get("/pkg/fuseboard.js").send().await.unwrap();
    assert_eq!(plain.status(), 200);
    assert_eq!(header(&plain, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&plain, "cache-control"), "no-cache");
    assert_eq!(header(&plain, "content-encoding"), "");
    let tag = header(&plain, "etag").to_owned();
    assert_eq!(plain.text().await.unwrap(), "export default 1;\n");

    let packed = server
        .get("/pkg/fuseboard.js")
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .unwrap();
    assert_eq!(header(&packed, "content-encoding"), "br");
    assert_eq!(header(&packed, "vary"), "accept-encoding");
    assert_ne!(header(&packed, "etag"), tag, "another form, another tag");
    assert_eq!(packed.bytes().await.unwrap(), &b"not really brotli"[..]);

    let known = server
        .get("/pkg/fuseboard.js")
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    assert!(known.bytes().await.unwrap().is_empty());

    let build = server.shared().build.clone();
    let kept = server
        .get(&format!("/pkg/fuseboard.js?v={build}"))
        .send()
        .await
        .unwrap();
    assert!(header(&kept, "cache-control").contains("immutable"));
    let other = server.get("/pkg/fuseboard.js?v=other").send().await.unwrap();
    assert_eq!(
        header(&other, "cache-control"),
        "no-cache",
        "another build's address must not keep our file"
    );

    let head = server
        .client
        .head(server.url("/robots.txt"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.status().as_u16(), header(&head, "content-length")),
        (200, "26")
    );
    for path in [
        "/pkg/fuseboard.js.br",
        "/pkg/../../data/local.key",
        "/pkg/%2e%2e/%2e%2e/data/local.key",
        "/data/local.key",
    ] {
        let raw = server
            .raw(&format!(
                "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
                server.address
            ))
            .await;
        assert_eq!(raw.status, 404, "{path}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_at_once_do_not_mix() {
    let server = TestServer::start().await;
    server
        .accept(&json!([call("a"), transition("chat-breaker", "open")]))
        .await;
    let one = async |number: usize| {
        let (path, title) = if number.is_multiple_of(2) {
            ("/", "open")
        } else {
            ("/connect", "Connect")
        };
        let response = as_browser(server.get(path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let html = response.text().await.unwrap();
        let found = html
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next())
            .unwrap_or_default();
        assert!(found.contains(title), "{path} has the title {found:?}");
    };
    for _ in 0..10 {
        futures::future::join_all((0..60).map(one)).await;
    }
    assert!(server.stop().await);
}
