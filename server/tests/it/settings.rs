//! The settings as plain pages and forms.

use crate::common::people::{PASSWORD, cookie, member, with_password};
use crate::common::{TestServer, urlencoded};
use reqwest::Response;
use server::auth::Whence;
use store::{Role, TenantId};

/// A page, as a browser asks for it.
async fn open(server: &TestServer, path: &str, cookie: &str) -> Response {
    let asked = server.client.get(server.url(path)).header("accept", "text/html");
    asked.header("cookie", cookie).send().await.unwrap()
}

async fn html(server: &TestServer, path: &str, cookie: &str) -> String {
    let answer = open(server, path, cookie).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// A form, as a browser on the page sends it.
async fn send(server: &TestServer, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response {
    let sent = server.client.post(server.url(path)).header("accept", "text/html");
    let origin = format!("http://{}", server.address);
    let sent = sent.header("origin", origin).header("cookie", cookie);
    let body = urlencoded(fields);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded");
    sent.body(body).send().await.unwrap()
}

#[track_caller]
fn leads_to(answer: &Response, to: &str) {
    assert_eq!(answer.status(), 303, "{answer:?}");
    assert_eq!(answer.headers()["location"], to);
}

/// What the page says is wrong.
async fn refused(answer: Response) -> String {
    assert_eq!(answer.status(), 422, "{answer:?}");
    let html = answer.text().await.unwrap();
    let at = html
        .find("class=\"refused\"")
        .unwrap_or_else(|| panic!("nothing refused in {html}"));
    let words = &html[at..];
    let from = words.find('>').unwrap() + 1;
    words[from..words.find('<').unwrap()].to_owned()
}

/// What is shown once.
fn once(html: &str) -> String {
    let at = html
        .find("data-once")
        .unwrap_or_else(|| panic!("nothing shown once in {html}"));
    let words = &html[at..];
    let from = words.find('>').unwrap() + 1;
    words[from..words.find('<').unwrap()].to_owned()
}

/// As if the password had been shown an hour ago.
async fn long_ago(server: &TestServer, account: &str) -> String {
    use sha2::Digest;
    let people = &server.shared().people;
    let session = people.open_sessions(account).await.unwrap().remove(0);
    let text = "y".repeat(43);
    let hash = sha2::Sha256::digest(text.as_bytes()).into();
    let log = people.logged(
        &TenantId::default_tenant(),
        "test",
        account,
        "",
        &Whence::default(),
        "",
    );
    people
        .sessions
        .confirm(&people.system, &session.id, &hash, 1, log)
        .await
        .unwrap();
    people.lookup.forget(account);
    cookie(server.address.port(), &text)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_what_is_theirs() {
    let server = TestServer::start().await;
    let viewer = member(server.running(), "vera", Role::Viewer, "default").await;
    let page = html(&server, "/settings", &viewer).await;
    assert!(
        page.contains("vera") && page.contains("viewer of default"),
        "{page}"
    );
    for hidden in [
        "/settings/members",
        "/settings/keys",
        "/settings/audit",
        "/settings/tenants",
    ] {
        assert!(!page.contains(hidden), "{hidden}");
        let answer = open(&server, hidden, &viewer).await;
        assert_eq!(answer.status(), 403, "{hidden}");
        assert!(answer.text().await.unwrap().contains("This takes"), "{hidden}");
    }
    let page = html(&server, "/settings", &server.cookie).await;
    for seen in [
        "/settings/members",
        "/settings/keys",
        "/settings/audit",
        "/settings/tenants",
    ] {
        assert!(page.contains(seen), "{seen}");
    }
    let nobody = open(&server, "/settings/keys", "a=b").await;
    leads_to(&nobody, "/login?next=%2Fsettings%2Fkeys");
    let key = server
        .client
        .get(server.url("/settings"))
        .bearer_auth(&server.key)
        .send()
        .await
        .unwrap();
    assert_eq!(key.status(), 403);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_no_program_and_no_inline_styles() {
    let server = TestServer::start().await;
    for path in [
        "/settings",
        "/settings/members",
        "/settings/keys",
        "/settings/tenants",
        "/settings/audit",
    ] {
        let answer = open(&server, path, &server.cookie).await;
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.headers()["referrer-policy"], "same-origin");
        let html = answer.text().await.unwrap();
        assert!(!html.contains("style=") && !html.contains(".wasm"), "{path}");
        assert!(html.contains("aria-current=\"page\""), "{path}");
    }
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changes_oneself() {
    let server = TestServer::start().await;
    let ada = with_password(server.running(), "ada", Role::Viewer).await;
    let done = send(
        &server,
        "/settings",
        &ada,
        &[("do", "name"), ("name", "<script>alert(1)</script>")],
    )
    .await;
    leads_to(&done, "/settings?done=name");
    let page = html(&server, "/settings?done=name", &ada).await;
    assert!(page.contains("Your name is changed."));
    assert!(!page.contains("<script>alert"), "what people write is text");
    let long = "x".repeat(81);
    let words = refused(send(&server, "/settings", &ada, &[("do", "name"), ("name", &long)]).await).await;
    assert!(words.contains("80 characters"), "{words}");

    let weak = [("do", "password"), ("current", PASSWORD), ("new", "short")];
    let answer = send(&server, "/settings", &ada, &weak).await;
    let words = refused(answer).await;
    assert!(words.contains("12"), "{words}");
    let fields = [
        ("do", "password"),
        ("current", "not the one it is"),
        ("new", "another umbrella yet"),
    ];
    let answer = send(&server, "/settings", &ada, &fields).await;
    assert_eq!(answer.status(), 422);
    let html_again = answer.text().await.unwrap();
    assert!(!html_again.contains("not the one") && !html_again.contains("another umbrella"));

    let theme = send(&server, "/settings", &ada, &[("do", "theme"), ("theme", "dark")]).await;
    let set = theme.headers()["set-cookie"].to_str().unwrap();
    assert!(set.starts_with("fb_theme=dark;"), "{set}");
    let auto = send(
        &server,
        "/settings",
        &ada,
        &[("do", "theme"), ("theme", "x\r\nset-cookie: a=b")],
    )
    .await;
    assert!(
        auto.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .starts_with("fb_theme=;")
    );
    let dark = html(&server, "/settings", &format!("{ada}; fb_theme=dark")).await;
    assert!(dark.contains("data-theme=\"dark\""));
    let nonsense = send(&server, "/settings", &ada, &[("do", "everything")]).await;
    assert_eq!(nonsense.status(), 422);
    // What the address says was done is one of our own sentences, or nothing.
    let page = html(&server, "/settings?done=%3Cb%3Ehello", &ada).await;
    assert!(!page.contains("hello"));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_others_in_is_locked_until_the_password_is_shown() {
    let server = TestServer::start().await;
    with_password(server.running(), "ada", Role::Owner).await;
    let people = &server.shared().people;
    let known = people
        .accounts
        .by_email(&people.system, "ada@example.com")
        .await
        .unwrap()
        .unwrap();
    let ada = long_ago(&server, &known.account.id).await;
    for path in ["/settings/keys", "/settings/members"] {
        let page = html(&server, path, &ada).await;
        assert!(page.contains("Unlock for 15 minutes"), "{path}");
        for gone in ["Make the key", "Make a link", "Revoke…", "Remove…"] {
            assert!(!page.contains(gone), "{gone} on {path}");
        }
    }
    let make = [("do", "make"), ("name", "ci"), ("scope", "ingest:write")];
    let answer = send(&server, "/settings/keys", &ada, &make).await;
    assert_eq!(answer.status(), 422, "a page that was open for long");
    let wrong = [("do", "confirm"), ("password", "not at all it")];
    let words = refused(send(&server, "/settings/keys", &ada, &wrong).await).await;
    assert!(words.contains("not the password"), "{words}");
    let right = [("do", "confirm"), ("password", PASSWORD)];
    let done = send(&server, "/settings/keys", &ada, &right).await;
    leads_to(&done, "/settings/keys?done=confirm");
    let set = done.headers()["set-cookie"].to_str().unwrap();
    let fresh = set.split(';').next().unwrap().to_owned();
    assert_eq!(
        open(&server, "/settings/keys", &ada).await.status(),
        303,
        "the old cookie is nobody's"
    );
    let made = send(&server, "/settings/keys", &fresh, &make).await;
    assert_eq!(made.status(), 200);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_shown_once_replaced_and_revoked() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let path = "/settings/keys";
    let fields = [
        ("do", "make"),
        ("name", "checkout"),
        ("scope", "ingest:write"),
        ("scope", "metrics:read"),
        ("expires", "90"),
        ("addresses", "127.0.0.0/8, ::1"),
    ];
    let made = send(&server, path, &owner, &fields).await;
    assert_eq!(made.status(), 200);
    let key = once(&made.text().await.unwrap());
    assert!(key.starts_with("fb_default_"), "{key}");
    let page = html(&server, path, &owner).await;
    assert!(!page.contains(&key), "it is shown once");
    assert!(
        page.contains("checkout") && page.contains("from 127.0.0.0/8, ::1/128"),
        "{page}"
    );
    let board = server
        .client
        .get(server.url("/api/v1/board"))
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(board.status(), 200);

    let words = refused(send(&server, path, &owner, &fields).await).await;
    assert_eq!(words, "A key in use has this name already.");
    let hostile = [("do", "make"), ("name", "<img src=x>"), ("scope", "api:read")];
    assert_eq!(send(&server, path, &owner, &hostile).await.status(), 200);
    let page = html(&server, path, &owner).await;
    assert!(page.contains("&lt;img") && !page.contains("<img"), "{page}");
    for (name, value) in [
        ("addresses", "10.0.0.0/99"),
        ("scope", "everything"),
        ("name", ""),
    ] {
        let mut fields = vec![("do", "make"), ("name", "other"), ("scope", "api:read")];
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        let answer = send(&server, path, &owner, &fields).await;
        let _ = refused(answer).await;
    }
    let keys = server
        .shared()
        .keys
        .list(&server::auth::by_command_line(TenantId::default_tenant()))
        .await
        .unwrap();
    let id = keys.iter().find(|key| key.name == "checkout").unwrap().id.clone();
    let replaced = send(&server, path, &owner, &[("do", "replace"), ("key", &id)]).await;
    assert_eq!(replaced.status(), 200);
    assert_ne!(once(&replaced.text().await.unwrap()), key);
    let revoked = send(&server, path, &owner, &[("do", "revoke"), ("key", &id)]).await;
    leads_to(&revoked, "/settings/keys?done=revoke");
    assert!(
        html(&server, path, &owner)
            .await
            .contains("Keys that count no more (1)")
    );
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_invited_changed_and_removed() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let path = "/settings/members";
    let invite = [
        ("do", "invite"),
        ("email", "bo@example.com"),
        ("role", "operator"),
    ];
    let made = send(&server, path, &owner, &invite).await;
    assert_eq!(made.status(), 200);
    let link = once(&made.text().await.unwrap());
    let token = link.split("/invite#t=").nth(1).unwrap();
    assert!(html(&server, path, &owner).await.contains("Take back"));
    let people = &server.shared().people;
    people
        .accept(token, "Bo", PASSWORD, &Whence::default())
        .await
        .unwrap();
    let bo = people
        .accounts
        .by_email(&people.system, "bo@example.com")
        .await
        .unwrap()
        .unwrap();
    let id = bo.account.id.as_str();
    let change = |role: &'static str| [("do", "role"), ("account", id), ("role", role)];
    leads_to(
        &send(&server, path, &owner, &change("admin")).await,
        "/settings/members?done=role",
    );
    let words = refused(send(&server, path, &owner, &change("king")).await).await;
    assert!(words.contains("must be one of"), "{words}");
    let last = [("do", "remove"), ("account", "id-owner")];
    let words = refused(send(&server, path, &owner, &last).await).await;
    assert!(words.contains("without an owner"), "{words}");
    let removed = send(&server, path, &owner, &[("do", "remove"), ("account", id)]).await;
    leads_to(&removed, "/settings/members?done=remove");
    let words = refused(
        send(
            &server,
            path,
            &owner,
            &[("do", "invite"), ("email", "x"), ("role", "viewer")],
        )
        .await,
    )
    .await;
    assert!(words.contains("no email address"), "{words}");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_settings_of_its_own() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let made = send(
        &server,
        "/settings/tenants",
        &owner,
        &[("do", "make"), ("slug", "acme"), ("name", "Acme")],
    )
    .await;
    leads_to(&made, "/settings/tenants?done=make");
    let words = refused(
        send(
            &server,
            "/settings/tenants",
            &owner,
            &[("do", "make"), ("slug", "Ac me")],
        )
        .await,
    )
    .await;
    assert!(words.contains("a letter first"), "{words}");
    let page = html(&server, "/t/acme/settings/keys", &owner).await;
    assert!(
        page.contains("action=\"/t/acme/settings/keys\"") && page.contains("owner of acme"),
        "{page}"
    );
    let fields = [("do", "make"), ("name", "acme's"), ("scope", "ingest:write")];
    let made = send(&server, "/t/acme/settings/keys", &owner, &fields).await;
    assert!(once(&made.text().await.unwrap()).starts_with("fb_acme_"));
    let bo = member(server.running(), "bo", Role::Admin, "acme").await;
    assert_eq!(open(&server, "/t/default/settings/keys", &bo).await.status(), 404);
    assert_eq!(
        send(&server, "/t/default/settings/keys", &bo, &fields)
            .await
            .status(),
        404
    );
    assert_eq!(open(&server, "/settings/tenants", &bo).await.status(), 403);
    // An admin of one tenant must not find the key of another.
    let connect = html(&server, "/t/acme/connect", &bo).await;
    assert!(
        connect.contains("Make a key") && !connect.contains(&server.key),
        "{connect}"
    );
    assert!(html(&server, "/connect", &owner).await.contains(&server.key));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_looked_through() {
    let server = TestServer::start().await;
    let owner = server.cookie.clone();
    let fields = [("do", "make"), ("name", "<b>evil</b>"), ("scope", "ingest:write")];
    assert_eq!(
        send(&server, "/settings/keys", &owner, &fields).await.status(),
        200
    );
    let page = html(&server, "/settings/audit?action=key.create&actor=", &owner).await;
    assert!(
        page.contains("key.create") && page.contains("owner@example.com"),
        "{page}"
    );
    assert!(!page.contains(">session.open<"), "only what was looked for");
    assert!(!page.contains("<b>evil"));
    let none = html(&server, "/settings/audit?action=nothing.at.all", &owner).await;
    assert!(none.contains("Nothing was found."));
    let answer = open(&server, "/settings/audit?from=yesterday-ish", &owner).await;
    assert_eq!(answer.status(), 422);
    for at in 0..60 {
        let name = format!("k{at}");
        let fields = [("do", "make"), ("name", name.as_str()), ("scope", "ingest:write")];
        send(&server, "/settings/keys", &owner, &fields).await;
    }
    let page = html(&server, "/settings/audit?action=key.create", &owner).await;
    assert_eq!(page.matches("<tr data-n").count(), 50);
    let at = page.find("cursor=").unwrap();
    let cursor: String = page[at + 7..].chars().take_while(char::is_ascii_digit).collect();
    let older = html(
        &server,
        &format!("/settings/audit?action=key.create&cursor={cursor}"),
        &owner,
    )
    .await;
    assert!(older.contains("Newest") && older.matches("<tr data-n").count() >= 11);
    assert!(server.stop().await);
}
