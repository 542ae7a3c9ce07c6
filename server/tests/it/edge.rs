//! Who is let in: hosts, origins, policies of all routes, and the headers that every answer carries.

use crate::common::{RawAnswer, TestServer};
use server::edge::Policy;
use server::http::{ROUTES, Route};

/// A request as a browser's script or address bar could send it.
async fn ask(server: &TestServer, path: &str, headers: &str) -> RawAnswer {
    server
        .raw(&format!(
            "GET {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n"
        ))
        .await
}

/// A handshake.
async fn shake(server: &TestServer, headers: &str) -> RawAnswer {
    server
        .raw(&format!(
            "GET /ws/v1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_origins_do_not_get_a_socket() {
    let server = TestServer::start().await;
    let port = server.address.port();
    let host = format!("127.0.0.1:{port}");
    let session = format!("cookie: fb_theme=dark; {}\r\n", server.cookie);
    let bare = format!("host: {host}\r\norigin: http://{host}\r\n");
    let own = format!("{bare}{session}");
    assert_eq!(shake(&server, &own).await.status, 101, "our own page");
    // Told by the code of its close, which a page can read.
    assert_eq!(shake(&server, &bare).await.status, 101, "nobody is signed in");
    let other_cookie = format!("{bare}cookie: fb_theme=dark\r\n");
    assert_eq!(shake(&server, &other_cookie).await.status, 101, "another cookie");

    let other = port.wrapping_add(1);
    let origins = [
        "null".to_owned(),
        "http://evil.com".into(),
        format!("http://sub.{host}"),
        "http://0.0.1".into(),
        format!("http://{host}.evil"),
        format!("http://evil-{host}"),
        format!("http://127.0.0.1:{other}"),
        "http://127.0.0.1".into(),
        format!("https://{host}"),
        format!("ws://{host}"),
        format!("HTTP://{host}"),
        format!("http://127.0.0.1.:{port}"),
        format!("http://{host}/"),
        format!("http://user@{host}"),
        format!("http://{host}@evil.com"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f.1:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://localhost:{port}"),
        format!("http://xn--lcalhost-p8a:{port}"),
        format!("http://{host}, http://evil.com"),
        format!("file://{host}"),
        String::new(),
    ];
    for origin in &origins {
        for extra in ["", "cookie: a=b\r\n", session.as_str()] {
            let answer = shake(&server, &format!("host: {host}\r\norigin: {origin}\r\n{extra}")).await;
            assert_eq!(answer.status, 403, "{origin:?} {extra:?}: {answer:?}");
            assert!(answer.head.contains("application/problem+json"), "{answer:?}");
        }
    }
    for (why, headers) in [
        ("no origin, with a cookie", format!("host: {host}\r\n{session}")),
        ("no origin, nothing", format!("host: {host}\r\n")),
        ("two origins", format!("{own}origin: http://evil.com\r\n")),
        (
            "a rebound name",
            format!("host: evil.com:{port}\r\norigin: http://evil.com:{port}\r\n"),
        ),
        ("a forwarded host", format!("{own}x-forwarded-host: evil.com\r\n")),
        (
            "a forwarded address",
            format!("{own}x-forwarded-for: 10.0.0.1\r\n"),
        ),
        (
            "another site's page",
            format!("{own}sec-fetch-site: cross-site\r\n"),
        ),
        ("two hosts", format!("{own}host: evil.com\r\n")),
    ] {
        let status = shake(&server, &headers).await.status;
        assert!(status == 403 || status == 400, "{why}: {status}");
    }
    let key = format!("authorization: Bearer {}\r\n", server.key);
    assert_eq!(
        shake(&server, &format!("host: board.example\r\n{key}"))
            .await
            .status,
        101,
        "a program with a key"
    );
    let both = format!("host: board.example\r\ncookie: a=b\r\n{key}");
    assert_eq!(
        shake(&server, &both).await.status,
        403,
        "a key does not excuse a cookie"
    );
    assert_eq!(
        shake(&server, "host: x\r\nauthorization: Bearer nonsense\r\n")
            .await
            .status,
        401
    );
    assert!(server.stop().await);
}

/// The route with its parameters filled in.
fn filled(path: &str) -> String {
    path.replace("{slug}", "default")
        .replace("{id}", "b_0000000000000000")
        .replace("{alert}", "0")
        .replace("{rule}", "0")
        .replace("{silence}", "0")
        .replace("{schedule}", "0")
        .replace("{kpi}", "0")
        .replace("{price_list}", "0")
        .replace("{invoice}", "0")
        .replace("{slo}", "0")
        .replace("{chart}", "unreliability.svg")
        .replace("{escalation}", "0")
        .replace("{responder}", "0")
        .replace("{channel}", "0")
        .replace("{delivery}", "0")
        .replace("{correction}", "0")
        .replace("{share}", "0")
        .replace("{status_page}", "0")
        .replace("{incident}", "0")
        .replace("{token}", "0000000000")
        .replace("{figure}", "answered.svg")
        .replace("{page}", "nobody")
        .replace("{*file}", "fuseboard.js")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_keeps_its_policy() {
    let server = TestServer::start().await;
    let host = format!("host: {}\r\n", server.address);
    let owner = format!("cookie: {}\r\n", server.cookie);
    let reader = format!("authorization: Bearer {}\r\n", server.key);
    // What only changes something is asked in the matrix.
    let asked = |route: &&Route| route.policy == Policy::Ingest || route.verbs.contains(&"GET");
    for route in ROUTES.iter().filter(asked) {
        let path = filled(route.path);
        let ask = async |headers: &str| {
            let method = if route.policy == Policy::Ingest {
                "POST"
            } else {
                "GET"
            };
            server
                .raw(&format!(
                    "{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n"
                ))
                .await
                .status
        };
        let foreign_host = ask(&format!("host: evil.example\r\n{owner}")).await;
        let nobody = ask(&host).await;
        let local = ask(&format!("{host}{owner}")).await;
        let unknown_key = ask("host: evil.example\r\nauthorization: Bearer fb_x\r\n").await;
        let with_key = ask(&format!("host: evil.example\r\n{reader}")).await;
        let found = (foreign_host, nobody, local, unknown_key, with_key);
        let expected = match route.policy {
            Policy::Probe => (200, 200, 200, 200, 200),
            // There is no such link and no such page, whoever asks; a key is nobody there.
            Policy::Shared | Policy::Public => (403, 404, 404, 403, 403),
            // Nothing of it is signed.
            Policy::Signed => (401, 401, 401, 401, 401),
            Policy::Asset => (403, 200, 200, 200, 200),
            // Who is signed in is sent on; a key is nobody there.
            Policy::Door if path == "/logout" => (403, 303, 200, 403, 403),
            // Nobody is half in here: to the beginning.
            Policy::Door
                if matches!(
                    path.as_str(),
                    "/setup" | "/login/code" | "/login/oidc" | "/login/oidc/callback"
                ) =>
            {
                (403, 303, 303, 403, 403)
            }
            Policy::Door if path == "/login" => (403, 200, 303, 403, 403),
            Policy::Door => (403, 200, 200, 403, 403),
            // A page of nobody says so; nobody is sent to the door.
            Policy::Page if route.path.contains("{id}") => (403, 303, 404, 401, 404),
            Policy::Page => (403, 303, 200, 401, 200),
            Policy::Read | Policy::ReadApi
                if [
                    "{id}",
                    "{alert}",
                    "{rule}",
                    "{silence}",
                    "{schedule}",
                    "{kpi}",
                    "{slo}",
                    "{escalation}",
                    "{price_list}",
                    "{invoice}",
                    "{share}",
                    "{status_page}",
                ]
                .iter()
                .any(|id| route.path.contains(id)) =>
            {
                (403, 401, 404, 401, 404)
            }
            // Let in, but nothing was asked.
            Policy::Read if route.path.ends_with("/api/v1/query") => (403, 401, 400, 401, 400),
            // The key `local` reads both.
            Policy::Read | Policy::ReadApi => (403, 401, 200, 401, 200),
            // Let in, but it is no handshake; a browser has to name its origin.
            Policy::Socket => (403, 403, 403, 401, 426),
            // Let in, but without a content type; a browser names its origin with every change.
            Policy::Ingest => (401, 401, 401, 401, 415),
            Policy::Operate | Policy::Admin
                if ["{channel}", "{delivery}", "{responder}", "{correction}"]
                    .iter()
                    .any(|id| route.path.contains(id)) =>
            {
                (403, 401, 404, 401, 403)
            }
            // The key sends and looks, and no more.
            Policy::Operate | Policy::Admin | Policy::Own | Policy::Platform => (403, 401, 200, 401, 403),
            Policy::OwnPage | Policy::OperatePage
                if [
                    "{alert}",
                    "{delivery}",
                    "{rule}",
                    "{schedule}",
                    "{slo}",
                    "{status_page}",
                ]
                .iter()
                .any(|id| route.path.contains(id)) =>
            {
                (403, 303, 404, 401, 403)
            }
            Policy::OwnPage | Policy::OperatePage | Policy::AdminPage | Policy::PlatformPage => {
                (403, 303, 200, 401, 403)
            }
        };
        assert_eq!(found, expected, "{path}");
    }
    assert!(server.stop().await);
}

/// Such a page has no form, and its address is nobody else's.
fn is_for_strangers(path: &str) -> bool {
    path.starts_with("/s/") || path.starts_with("/status/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_dressed() {
    let server = TestServer::start().await;
    let host = format!("host: {}\r\n", server.address);
    let signed_in = format!("{host}cookie: {}\r\n", server.cookie);
    let mut paths: Vec<String> = ROUTES.iter().map(|route| filled(route.path)).collect();
    paths.extend(
        [
            "/nothing",
            "/api/v1/nothing",
            "/t/nobody",
            "/pkg/nothing.js",
            "/robots.txt",
            "/%2e%2e/x",
        ]
        .map(Into::into),
    );
    for path in &paths {
        for headers in [
            host.as_str(),
            signed_in.as_str(),
            "host: evil.example\r\n",
            "host: x\r\nauthorization: Bearer no\r\n",
        ] {
            let answer = ask(&server, path, headers).await;
            let head = answer.head.to_ascii_lowercase();
            let is_page = head.contains("content-type: text/html");
            for header in [
                "x-content-type-options: nosniff",
                "cross-origin-opener-policy: same-origin",
                "cross-origin-resource-policy: same-origin",
                if is_page && !is_for_strangers(path) {
                    "referrer-policy: same-origin"
                } else {
                    "referrer-policy: no-referrer"
                },
                "content-security-policy: default-src 'none';",
                "frame-ancestors 'none'",
                "cache-control: ",
                "x-request-id: ",
            ] {
                assert!(
                    head.contains(header),
                    "{path} {headers:?} lacks {header}:\n{head}"
                );
            }
            if path.starts_with("/api/") || answer.status >= 400 {
                assert!(head.contains("cache-control: no-store"), "{path}:\n{head}");
            }
            for telltale in ["server:", "x-powered-by", "access-control-allow"] {
                assert!(!head.contains(telltale), "{path} tells {telltale}:\n{head}");
            }
            assert!(answer.status < 500, "{path}: {answer:?}");
        }
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_addresses_are_problems() {
    let server = TestServer::start().await;
    let host = format!("host: {}\r\n", server.address);
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS", "POST", "TRACE", "BREW"] {
        for path in ["/api/v1/board", "/livez", "/", "/ws/v1"] {
            let answer = server
                .raw(&format!(
                    "{method} {path} HTTP/1.1\r\nconnection: close\r\n{host}\r\n"
                ))
                .await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(
                answer.head.to_ascii_lowercase().contains("allow: get,head"),
                "{answer:?}"
            );
            assert!(
                answer.body.contains("urn:fuseboard:problem:method-not-allowed"),
                "{answer:?}"
            );
        }
    }
    let answer = ask(&server, "/api/v1/nothing", &host).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("urn:fuseboard:problem:not-found"));
    assert_eq!(
        ask(
            &server,
            "/t/nobody/ws/v1",
            &format!(
                "{host}origin: http://{}\r\ncookie: {}\r\n",
                server.address, server.cookie
            )
        )
        .await
        .status,
        404
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_endpoints() {
    let server = TestServer::start().await;
    let host = format!("host: {}\r\ncookie: {}\r\n", server.address, server.cookie);
    assert!(
        ask(&server, "/readyz", "host: x\r\n")
            .await
            .body
            .contains("\"ready\"")
    );
    let version = ask(&server, "/version", &host).await;
    assert!(version.body.contains(env!("CARGO_PKG_VERSION")), "{version:?}");
    let anonymous = ask(
        &server,
        "/version",
        &format!("{host}x-forwarded-for: 10.0.0.1\r\n"),
    )
    .await;
    assert_eq!(anonymous.status, 403);
    assert!(
        !anonymous.body.contains(env!("CARGO_PKG_VERSION")),
        "{anonymous:?}"
    );

    server.accept(&crate::common::call("m")).await;
    let plain = ask(&server, "/metrics", &host).await;
    assert!(plain.head.contains("text/plain; version=0.0.4"), "{}", plain.head);
    assert!(
        plain.body.contains("\nfuseboard_events_accepted_total 1\n"),
        "{}",
        plain.body
    );
    let open = ask(
        &server,
        "/metrics",
        &format!("{host}accept: application/openmetrics-text\r\n"),
    )
    .await;
    assert!(
        open.head.contains("application/openmetrics-text"),
        "{}",
        open.head
    );
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
    assert!(
        open.body.contains("# TYPE fuseboard_events_accepted counter\n"),
        "{}",
        open.body
    );
    assert!(!plain.body.contains(&server.key) && !open.body.contains(&server.key));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_a_limit() {
    let server = TestServer::start().await;
    let long = format!(
        "GET /livez HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    assert_eq!(server.raw(&long).await.status, 431);
    assert!(server.stop().await);
}
