//! How people come in: the first account, signing in and out, invitations, new passwords; and who does not.

use crate::common::people::{PASSWORD, member};
use crate::common::{TestServer, urlencoded};
use reqwest::{Client, Response};
use server::auth::SETUP_COUNTS;
use server::lifecycle::{self, Options, Running};
use store::{AuditQuery, Role, TenantId};
use tempfile::TempDir;

/// A server without any account.
struct NewServer {
    running: Running,
    folder: TempDir,
    client: Client,
}

impl NewServer {
    async fn start() -> NewServer {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
        let running = lifecycle::start(&crate::common::config(folder.path()), Options::default())
            .await
            .unwrap();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        NewServer {
            running,
            folder,
            client,
        }
    }

    fn token(&self) -> String {
        let link = self.running.set_up_at.as_ref().unwrap();
        link.split("#t=").nth(1).unwrap().to_owned()
    }

    async fn set_up(&self, token: &str, email: &str, password: &str) -> Response {
        let form = [("token", token), ("email", email), ("password", password)];
        post(&self.client, &self.running, "/setup", "", &form).await
    }
}

/// A form as one of our own pages sends it.
async fn post(
    client: &Client,
    running: &Running,
    path: &str,
    cookie: &str,
    form: &[(&str, &str)],
) -> Response {
    let origin = format!("http://{}", running.address);
    let body = urlencoded(form);
    client
        .post(format!("{origin}{path}"))
        .header("origin", &origin)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// The cookie that an answer sets, as it is sent back.
fn cookie(response: &Response) -> String {
    header(response, "set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

async fn status(client: &Client, running: &Running, path: &str, cookie: &str) -> u16 {
    let url = format!("http://{}{path}", running.address);
    let asked = client.get(url).header("cookie", cookie).send().await.unwrap();
    asked.status().as_u16()
}

async fn actions(running: &Running) -> Vec<String> {
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let found = running.shared.audits.audit(&scope, query).await.unwrap();
    let mut actions: Vec<String> = found.into_iter().map(|sealed| sealed.entry.action).collect();
    actions.reverse();
    actions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_gets_one_owner() {
    let server = NewServer::start().await;
    let token = server.token();
    let file = server.folder.path().join("data/setup-token");
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), token);
    assert_eq!(crate::common::cli::mode(&file), 0o600);

    let url = format!("http://{}/providers", server.running.address);
    let led = server.client.get(url).send().await.unwrap();
    assert_eq!((led.status().as_u16(), header(&led, "location")), (303, "/setup"));
    let asked = server
        .client
        .get(format!("http://{}/setup", server.running.address));
    let html = asked.send().await.unwrap().text().await.unwrap();
    assert!(
        html.contains("Set up Fuseboard") && !html.contains(&token),
        "{html}"
    );

    let wrong = server.set_up("wrong", "ada@example.com", PASSWORD).await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains("This is not the token"));
    for (email, password, words) in [
        ("ada", PASSWORD, "no email address"),
        ("ada@example.com", "short", "at least 12"),
        ("ada@example.com", "password1234", "guessed soon"),
    ] {
        let refused = server.set_up(&token, email, password).await;
        assert_eq!(refused.status(), 422, "{words}");
        let html = refused.text().await.unwrap();
        assert!(html.contains(words), "{words}: {html}");
        assert!(
            !html.contains(&format!("value=\"{password}\"")),
            "a password is not sent back"
        );
    }

    let made = server.set_up(&token, " Ada@Example.com ", PASSWORD).await;
    assert_eq!(
        (made.status().as_u16(), header(&made, "location")),
        (303, "/connect")
    );
    let set = header(&made, "set-cookie");
    assert!(set.ends_with("; HttpOnly; SameSite=Lax"), "{set}");
    assert_eq!(
        status(&server.client, &server.running, "/", &cookie(&made)).await,
        200
    );
    assert!(!file.exists());

    let again = server.set_up(&token, "eve@example.com", PASSWORD).await;
    assert_eq!(
        (again.status().as_u16(), header(&again, "location")),
        (303, "/login")
    );
    let known = server
        .running
        .shared
        .people
        .accounts
        .by_email(&server.running.shared.people.system, "eve@example.com");
    assert!(known.await.unwrap().is_none());
    assert_eq!(actions(&server.running).await, ["account.create", "session.open"]);
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_token_is_over_after_half_an_hour() {
    let clock = engine::Clock::manual(crate::common::now());
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Some(clock.clone()),
        ..Options::default()
    };
    let running = lifecycle::start(&crate::common::config(folder.path()), options)
        .await
        .unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    assert_eq!(status(&client, &running, "/setup", "").await, 200);
    clock.advance(SETUP_COUNTS);
    assert_eq!(status(&client, &running, "/setup", "").await, 410);
    assert!(running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_and_out() {
    let server = NewServer::start().await;
    let made = server.set_up(&server.token(), "ada@example.com", PASSWORD).await;
    let first = cookie(&made);
    let sign_in = async |email: &str, password: &str, old: &str| {
        let form = [("email", email), ("password", password), ("next", "/providers")];
        post(&server.client, &server.running, "/login", old, &form).await
    };
    let wrong_password = sign_in("ada@example.com", "another umbrella", "").await;
    let nobody = sign_in("eve@example.com", "another umbrella", "").await;
    assert_eq!(
        (wrong_password.status(), nobody.status()),
        (nobody.status(), wrong_password.status())
    );
    assert_eq!(wrong_password.status(), 422);
    let (one, two) = (wrong_password.text().await.unwrap(), nobody.text().await.unwrap());
    assert_eq!(
        one.replace("ada@", "eve@"),
        two,
        "nothing tells who has an account"
    );

    let in_again = sign_in("ADA@example.com", PASSWORD, &first).await;
    assert_eq!(
        (in_again.status().as_u16(), header(&in_again, "location")),
        (303, "/providers")
    );
    let second = cookie(&in_again);
    assert_ne!(first, second);
    let at = async |cookie: &str| status(&server.client, &server.running, "/api/v1/board", cookie).await;
    assert_eq!(
        (at(&first).await, at(&second).await),
        (401, 200),
        "the session before has ended"
    );
    let there = sign_in("ada@example.com", PASSWORD, "").await;
    let third = cookie(&there);
    assert_eq!(
        (at(&second).await, at(&third).await),
        (200, 200),
        "another browser"
    );

    let out = post(&server.client, &server.running, "/logout", &second, &[]).await;
    assert_eq!((out.status().as_u16(), header(&out, "location")), (303, "/login"));
    assert!(header(&out, "set-cookie").contains("Max-Age=0"));
    assert_eq!((at(&second).await, at(&third).await), (401, 200));
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_change_nothing() {
    let server = TestServer::start().await;
    let origin = format!("http://{}", server.address);
    for path in ["/login", "/logout", "/setup", "/invite", "/reset"] {
        for headers in [
            vec![],
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
            vec![("sec-fetch-site", "cross-site")],
            vec![("origin", origin.as_str()), ("sec-fetch-site", "same-site")],
        ] {
            let mut request = server
                .client
                .post(server.url(path))
                .header("cookie", &server.cookie);
            request = request.header("content-type", "application/x-www-form-urlencoded");
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let answer = request
                .body("email=a%40b&password=c&token=d")
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 403, "{path} {headers:?}");
        }
    }
    assert_eq!(server.get("/api/v1/board").send().await.unwrap().status(), 200);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_ends_its_sockets() {
    let server = TestServer::start().await;
    let mut socket = server.browser_socket().await;
    socket.subscribe("board").await;
    socket.take().await;
    let people = &server.shared().people;
    let known = people
        .accounts
        .by_email(&people.system, "owner@example.com")
        .await
        .unwrap()
        .unwrap();
    let tenant = TenantId::default_tenant();
    let began = tokio::time::Instant::now();
    for session in people
        .sessions
        .sessions_of(&people.system, &known.account.id)
        .await
        .unwrap()
    {
        let ended = people
            .sign_out(
                &known.account,
                &session.id,
                &tenant,
                &server::auth::Whence::default(),
            )
            .await;
        assert!(ended.unwrap());
    }
    let (bye, code) = socket.end().await;
    assert_eq!((bye.map(|bye| bye.code), code), (Some(4401), Some(4401)));
    assert!(began.elapsed().as_secs() <= 5, "{:?}", began.elapsed());
    assert_eq!(server.get("/api/v1/board").send().await.unwrap().status(), 401);
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_nobody_is_told_so_and_sees_nothing() {
    let server = TestServer::start().await;
    let origin = format!("http://{}", server.address).parse().unwrap();
    let mut socket = server
        .socket_with(|request| {
            request.headers_mut().insert("origin", origin);
        })
        .await
        .unwrap();
    let (bye, code) = socket.end().await;
    assert_eq!((bye.map(|bye| bye.code), code), (Some(4401), Some(4401)));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_makes_a_member() {
    let server = TestServer::start().await;
    let running_people = &server.shared().people;
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    let whence = server::auth::Whence::default();
    let invite = async |email: &str, role| {
        running_people
            .invite(&scope, (email, role), "account:x", &whence)
            .await
            .unwrap()
    };
    let send = async |path: &str, form: &[(&str, &str)]| {
        let origin = format!("http://{}", server.address);
        let body = urlencoded(form);
        let request = server.client.post(server.url(path)).header("origin", origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    };
    let token = invite("bob@example.com", Role::Viewer).await;
    let shown = send("/invite", &[("token", &token)]).await;
    assert_eq!(shown.status(), 200);
    let html = shown.text().await.unwrap();
    assert!(
        html.contains("bob@example.com") && html.contains("as viewer"),
        "{html}"
    );
    let weak = send("/invite", &[("token", &token), ("password", "short")]).await;
    assert_eq!(weak.status(), 422);
    let joined = send("/invite", &[("token", &token), ("password", PASSWORD)]).await;
    assert_eq!(
        (joined.status().as_u16(), header(&joined, "location")),
        (303, "/")
    );
    let bob = cookie(&joined);
    let get = async |path: &str, cookie: &str| {
        let request = server.client.get(server.url(path)).header("cookie", cookie);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(
        (get("/", &bob).await, get("/api/v1/audit", &bob).await),
        (200, 403),
        "a viewer"
    );
    let again = send("/invite", &[("token", &token), ("password", PASSWORD)]).await;
    assert_eq!(again.status(), 410);
    let nonsense = send("/invite", &[("token", "nonsense")]).await;
    assert_eq!(nonsense.status(), 410);

    // Who has an account shows that it is theirs, and gets the higher role.
    let token = invite("bob@example.com", Role::Admin).await;
    let wrong = send("/invite", &[("token", &token), ("password", "another umbrella")]).await;
    assert_eq!(wrong.status(), 422);
    let joined = send("/invite", &[("token", &token), ("password", PASSWORD)]).await;
    assert_eq!(joined.status(), 303);
    assert_eq!(get("/api/v1/audit", &cookie(&joined)).await, 200, "an admin now");
    assert_eq!(get("/api/v1/audit", &bob).await, 200, "in the other browser too");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_the_host_gives_a_new_password() {
    let server = TestServer::start().await;
    let people = &server.shared().people;
    assert!(
        people
            .offer_reset("nobody@example.com", "cli:x", 1_000)
            .await
            .unwrap()
            .is_none()
    );
    let token = people
        .offer_reset("Owner@example.com", "cli:x", 60_000)
        .await
        .unwrap()
        .unwrap();
    let origin = format!("http://{}", server.address);
    let send = async |password: &str| {
        let body = format!("token={token}&password={}", password.replace(' ', "+"));
        let request = server.client.post(server.url("/reset")).header("origin", &origin);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    };
    assert_eq!(send("short").await.status(), 422);
    assert_eq!(server.get("/api/v1/board").send().await.unwrap().status(), 200);
    let done = send(PASSWORD).await;
    assert_eq!(done.status(), 303);
    assert_eq!(
        server.get("/api/v1/board").send().await.unwrap().status(),
        401,
        "all others ended"
    );
    let asked = server
        .client
        .get(server.url("/api/v1/board"))
        .header("cookie", cookie(&done));
    assert_eq!(asked.send().await.unwrap().status(), 200);
    assert_eq!(send(PASSWORD).await.status(), 410, "used");
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_wait_and_the_right_one_elsewhere_does_not() {
    let server = NewServer::start().await;
    server.set_up(&server.token(), "ada@example.com", PASSWORD).await;
    let sign_in = async |password: &str| {
        let form = [("email", "ada@example.com"), ("password", password)];
        post(&server.client, &server.running, "/login", "", &form).await
    };
    for _ in 0..5 {
        assert_eq!(sign_in("another umbrella").await.status(), 422);
    }
    let late = sign_in(PASSWORD).await;
    assert_eq!(late.status(), 429, "even the right one, from here");
    let wait: u64 = header(&late, "retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    let people = &server.running.shared.people;
    let elsewhere = server::auth::Whence {
        address: Some("192.0.2.9".parse().unwrap()),
        ..server::auth::Whence::default()
    };
    assert!(
        people
            .sign_in("ada@example.com", PASSWORD, &elsewhere, None)
            .await
            .is_ok()
    );
    people.denials.write().await;
    assert!(
        actions(&server.running)
            .await
            .contains(&"session.denied".to_owned())
    );
    assert!(server.running.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_can_be_configured() {
    let folder = tempfile::tempdir().unwrap();
    let toml = format!("[admin]\nemail = \"ada@example.com\"\npassword = \"{PASSWORD}\"\n");
    std::fs::write(folder.path().join("fuseboard.toml"), toml).unwrap();
    for _ in 0..2 {
        let running = lifecycle::start(&crate::common::config(folder.path()), Options::default())
            .await
            .unwrap();
        assert_eq!(running.set_up_at, None);
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let form = [("email", "ada@example.com"), ("password", PASSWORD)];
        let signed_in = post(&client, &running, "/login", "", &form).await;
        assert_eq!(signed_in.status(), 303);
        assert!(running.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_does_not_find_the_key_that_may_write() {
    let server = TestServer::start().await;
    let viewer = member_of(&server, "vera", Role::Viewer).await;
    let page = async |cookie: &str| {
        let request = server.client.get(server.url("/connect")).header("cookie", cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(page(&server.cookie).await.contains(&server.key));
    assert!(!page(&viewer).await.contains(&server.key));
    assert!(server.stop().await);
}

async fn member_of(server: &TestServer, name: &str, role: Role) -> String {
    member(server.running(), name, role, "default").await
}
