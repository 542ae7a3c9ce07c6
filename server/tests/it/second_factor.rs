//! Second factors: how an account comes to have one, signing in with it, and everything that must not get past it.

use crate::common::people::PASSWORD;
use crate::common::{TestServer, unbase32, urlencoded};
use engine::Clock;
use reqwest::Response;
use serde_json::{Value, json};
use server::auth::totp::code_of;
use server::auth::{Chosen, Entered, PeopleError, SETUP_COUNTS, Whence};
use server::lifecycle::Options;
use store::{AuditQuery, Role, TenantId};

const EMAIL: &str = "ada@example.com";

/// A server whose clock stands, and Ada, who is signed in.
struct Place {
    server: TestServer,
    clock: Clock,
    ada: String,
}

impl Place {
    async fn new() -> Place {
        let clock = Clock::manual(crate::common::now() / 30_000 * 30_000);
        let options = Options {
            clock: Some(clock.clone()),
            ..Options::default()
        };
        let server = TestServer::start_with(options).await;
        let chosen = Chosen {
            email: EMAIL,
            name: "Ada",
            password: PASSWORD,
        };
        let people = &server.shared().people;
        let tenant = TenantId::default_tenant();
        people
            .create(chosen, &tenant, Role::Viewer, "test")
            .await
            .unwrap();
        let mut place = Place {
            server,
            clock,
            ada: String::new(),
        };
        let signed_in = place.login(PASSWORD).await;
        place.ada = cookie(&signed_in).unwrap();
        place
    }

    async fn form(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let body = urlencoded(form);
        let request = self.server.client.post(self.server.url(path)).body(body);
        let request = request.header("origin", format!("http://{}", self.server.address));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.send().await.unwrap()
    }

    async fn login(&self, password: &str) -> Response {
        let form = [("email", EMAIL), ("password", password), ("next", "/providers")];
        self.form("/login", &form).await
    }

    /// The password, and the half that it leads to.
    async fn half(&self) -> String {
        half_of(self.login(PASSWORD).await).await
    }

    async fn show(&self, half: &str, code: &str) -> Response {
        let form = [("half", half), ("code", code), ("next", "/providers")];
        self.form("/login/code", &form).await
    }

    /// The whole way in; the status of the last answer.
    async fn enter(&self, code: &str) -> u16 {
        let half = self.half().await;
        self.show(&half, code).await.status().as_u16()
    }

    async fn send(&self, verb: &str, path: &str, cookie: &str, body: Value) -> Response {
        let path = format!("/api/v1/me{path}");
        let request = self
            .server
            .client
            .request(verb.parse().unwrap(), self.server.url(&path));
        let request = request.header("origin", format!("http://{}", self.server.address));
        request.header("cookie", cookie).json(&body).send().await.unwrap()
    }

    async fn answer(&self, verb: &str, path: &str, status: u16, body: Value) -> Value {
        let answer = self.send(verb, path, &self.ada, body).await;
        let got = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(got, status, "{verb} {path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn code(&self, seed: &[u8], steps: i64) -> String {
        format!("{:06}", code_of(seed, self.clock.now() / 30_000 + steps))
    }

    /// Ada gets a second factor: the seed, and her recovery codes.
    async fn enabled(&self) -> (Vec<u8>, Vec<String>) {
        let begun = self.answer("POST", "/second-factor", 201, json!({})).await;
        let seed = unbase32(begun["secret"].as_str().unwrap());
        let body = json!({ "code": self.code(&seed, 0) });
        let enabled = self.answer("POST", "/second-factor/enable", 200, body).await;
        let codes = serde_json::from_value(enabled["recovery_codes"].clone()).unwrap();
        // The next step: the code that enabled it is used.
        self.clock.advance(30_000);
        (seed, codes)
    }

    async fn actions(&self) -> Vec<String> {
        self.server.shared().people.denials.write().await;
        let scope = server::auth::by_command_line(TenantId::default_tenant());
        let query = AuditQuery {
            limit: 1_000,
            ..AuditQuery::default()
        };
        let found = self.server.shared().audits.audit(&scope, query).await.unwrap();
        found.into_iter().map(|sealed| sealed.entry.action).collect()
    }
}

fn cookie(response: &Response) -> Option<String> {
    let set = response.headers().get("set-cookie")?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

/// What the second form carries.
async fn half_of(response: Response) -> String {
    assert_eq!(response.status(), 200, "the second form");
    assert!(cookie(&response).is_none(), "no session before the code");
    let html = response.text().await.unwrap();
    assert!(
        html.contains("One more step") && html.contains("one-time-code"),
        "{html}"
    );
    let rest = html.split("name=\"half\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_gets_a_second_factor_and_signs_in_with_it() {
    let place = Place::new().await;
    let other = cookie(&place.login(PASSWORD).await).unwrap();
    let none = place.answer("GET", "/second-factor", 200, json!({})).await;
    assert_eq!(none, json!({ "enabled": null, "recovery_codes_left": 0 }));
    let begun = place.answer("POST", "/second-factor", 201, json!({})).await;
    let secret = begun["secret"].as_str().unwrap();
    let address = begun["otpauth"].as_str().unwrap();
    assert!(
        address.starts_with("otpauth://totp/Fuseboard%20") && address.contains(secret),
        "{address}"
    );
    let svg = begun["qr_svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg ") && !svg.contains("style"));
    // Until a code was shown nobody is asked for one, and another seed may be begun with.
    assert_eq!(place.login(PASSWORD).await.status(), 303);
    let again = place.answer("POST", "/second-factor", 201, json!({})).await;
    assert_ne!(again["secret"], begun["secret"]);
    let old = place.code(&unbase32(secret), 0);
    let wrong = place
        .send(
            "POST",
            "/second-factor/enable",
            &place.ada,
            json!({ "code": old }),
        )
        .await;
    assert_eq!(wrong.status(), 403, "a code of the seed before");
    for nonsense in ["", "12345", "abcdef"] {
        place
            .answer("POST", "/second-factor/enable", 400, json!({ "code": nonsense }))
            .await;
    }
    let seed = unbase32(again["secret"].as_str().unwrap());
    let body = json!({ "code": place.code(&seed, 0) });
    let enabled = place
        .answer("POST", "/second-factor/enable", 200, body.clone())
        .await;
    assert_eq!(enabled["recovery_codes"].as_array().unwrap().len(), 10);
    let now = place.answer("GET", "/second-factor", 200, json!({})).await;
    assert_eq!(
        now,
        json!({ "enabled": place.clock.now(), "recovery_codes_left": 10 })
    );
    place.answer("POST", "/second-factor/enable", 404, body).await;
    place.answer("POST", "/second-factor", 409, json!({})).await;
    let ended = place.send("GET", "", &other, json!({})).await;
    assert_eq!(ended.status(), 401, "what was opened with less has ended");

    place.clock.advance(30_000);
    let half = place.half().await;
    let wrong = place.show(&half, "000000").await;
    assert_eq!(wrong.status(), 422);
    assert!(cookie(&wrong).is_none());
    assert!(wrong.text().await.unwrap().contains("This code is wrong"));
    let right = place.show(&half, &place.code(&seed, 0)).await;
    assert_eq!(
        (
            right.status().as_u16(),
            right.headers()["location"].to_str().unwrap()
        ),
        (303, "/providers")
    );
    let signed_in = cookie(&right).unwrap();
    assert_eq!(place.send("GET", "", &signed_in, json!({})).await.status(), 200);
    let log = place.actions().await;
    for action in [
        "account.totp.begin",
        "account.totp.enable",
        "session.code_denied",
        "session.end_others",
    ] {
        assert!(log.iter().any(|known| known == action), "{action} in {log:?}");
    }
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_and_a_clock_may_be_off_by_a_step() {
    let place = Place::new().await;
    let (seed, _) = place.enabled().await;
    assert_eq!(
        place.enter(&place.code(&seed, -1)).await,
        422,
        "it enabled the second factor"
    );
    assert_eq!(place.enter(&place.code(&seed, -2)).await, 422);
    assert_eq!(place.enter(&place.code(&seed, 2)).await, 422, "two steps ahead");
    assert_eq!(place.enter(&place.code(&seed, 0)).await, 303);
    assert_eq!(place.enter(&place.code(&seed, 0)).await, 422, "used");
    assert_eq!(
        place.enter(&place.code(&seed, 1)).await,
        303,
        "a phone that is ahead"
    );
    assert_eq!(place.enter(&place.code(&seed, 1)).await, 422);
    place.clock.advance(90_000);
    assert_eq!(
        place.enter(&place.code(&seed, -1)).await,
        303,
        "a phone that is behind"
    );
    let used = place.code(&seed, -1);
    // Many at once: one of them.
    place.clock.advance(60_000);
    let code = place.code(&seed, 0);
    let mut halves = Vec::new();
    for _ in 0..4 {
        halves.push(place.half().await);
    }
    let tries = halves.iter().map(|half| place.show(half, &code));
    let answers = futures::future::join_all(tries).await;
    let entered = answers.iter().filter(|answer| answer.status() == 303).count();
    assert_eq!(entered, 1);
    // What was used is known after a restart too.
    let Place { server, clock, .. } = place;
    let (ada, server) = (String::new(), server.restart().await);
    let place = Place { server, clock, ada };
    let real = crate::common::now() / 30_000;
    for step in [real - 1, real, real + 1] {
        let code = format!("{:06}", code_of(&seed, step));
        assert_eq!(
            place.enter(&code).await,
            422,
            "all of them are before what was used; {used}"
        );
    }
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_codes_let_in_once_each() {
    let place = Place::new().await;
    let (_, codes) = place.enabled().await;
    assert_eq!(codes.len(), 10);
    assert_eq!(place.enter(&codes[3]).await, 303);
    assert_eq!(place.enter(&codes[3]).await, 422);
    assert_eq!(
        place.enter(&codes[4].to_uppercase().replace('-', " ")).await,
        303,
        "as it was written down"
    );
    let left = place.answer("GET", "/second-factor", 200, json!({})).await;
    assert_eq!(left["recovery_codes_left"], 8);
    let new = place
        .answer("POST", "/second-factor/recovery-codes", 200, json!({}))
        .await;
    let new: Vec<String> = serde_json::from_value(new["recovery_codes"].clone()).unwrap();
    assert!(new.len() == 10 && new.iter().all(|code| !codes.contains(code)));
    assert_eq!(place.enter(&codes[0]).await, 422, "one of before");
    assert_eq!(place.enter(&new[9]).await, 303);
    let log = place.actions().await;
    assert_eq!(
        log.iter()
            .filter(|action| *action == "account.recovery_code")
            .count(),
        3
    );
    assert!(log.contains(&"account.recovery_codes".to_owned()));
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_end_the_half_and_make_their_sender_wait() {
    let place = Place::new().await;
    let (seed, _) = place.enabled().await;
    let (half, next) = (place.half().await, place.half().await);
    for _ in 0..5 {
        assert_eq!(place.show(&half, "000000").await.status(), 422);
    }
    let late = place.show(&next, &place.code(&seed, 0)).await;
    assert_eq!(late.status(), 429, "even the right one, from here");
    assert!(late.headers().contains_key("retry-after"));
    let over = place.show(&half, &place.code(&seed, 0)).await;
    assert_eq!(over.status(), 410, "five were enough");
    assert!(over.text().await.unwrap().contains("Sign in again"));
    // What is no code at all is told at once, and costs nothing.
    assert_eq!(place.show(&next, "12345").await.status(), 422);
    assert!(place.actions().await.contains(&"session.code_denied".to_owned()));
    assert!(place.server.stop().await);
}

/// Who has the password and any number of addresses.
#[tokio::test(flavor = "multi_thread")]
async fn guessing_from_everywhere_has_an_end() {
    let place = Place::new().await;
    let (seed, codes) = place.enabled().await;
    let people = &place.server.shared().people;
    let half = async |whence: &Whence| match people.sign_in(EMAIL, PASSWORD, whence, None).await.unwrap() {
        Entered::Half(half) => half,
        Entered::Session(_) => panic!("no code was asked for"),
    };
    let from = |n: u8| Whence {
        address: Some(std::net::Ipv4Addr::new(192, 0, 2, n).into()),
        ..Whence::default()
    };
    for n in 0..10 {
        let token = half(&from(n)).await;
        for _ in 0..5 {
            let wrong = people.enter_with_code(&token, "000000", &from(n)).await;
            assert!(matches!(wrong, Err(PeopleError::WrongCode)), "{wrong:?}");
        }
    }
    let token = half(&from(99)).await;
    let late = people
        .enter_with_code(&token, &place.code(&seed, 0), &from(99))
        .await;
    assert!(matches!(late, Err(PeopleError::Wait(_))), "{late:?}");
    let recovered = people.enter_with_code(&token, &codes[0], &from(99)).await;
    assert!(recovered.is_ok(), "a recovery code is not guessed");
    place.clock.advance(3_600_000);
    let token = half(&from(100)).await;
    let later = people
        .enter_with_code(&token, &place.code(&seed, 0), &from(100))
        .await;
    assert!(later.is_ok());
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_is_no_session_and_does_not_last() {
    let place = Place::new().await;
    let (seed, _) = place.enabled().await;
    let half = place.half().await;
    let name = place.ada.split_once('=').unwrap().0.to_owned();
    let as_cookie = format!("{name}={half}");
    for path in ["", "/second-factor"] {
        assert_eq!(place.send("GET", path, &as_cookie, json!({})).await.status(), 401);
    }
    let bearer = place
        .server
        .client
        .get(place.server.url("/api/v1/board"))
        .bearer_auth(&half);
    assert_eq!(bearer.send().await.unwrap().status(), 401);
    let page = place
        .server
        .client
        .get(place.server.url("/"))
        .header("cookie", &as_cookie);
    assert_eq!(
        page.send().await.unwrap().headers()["location"].to_str().unwrap(),
        "/login"
    );
    for path in ["/reset", "/invite", "/setup"] {
        let form = [
            ("token", half.as_str()),
            ("email", EMAIL),
            ("password", "another umbrella in march"),
        ];
        let answer = place.form(path, &form).await;
        assert!(cookie(&answer).is_none(), "{path}: {answer:?}");
    }
    let removed = place
        .send("DELETE", "/second-factor", &as_cookie, json!({}))
        .await;
    assert_eq!(removed.status(), 401);
    // A session's own text is no half.
    let session = place.ada.split_once('=').unwrap().1.to_owned();
    assert_eq!(place.show(&session, &place.code(&seed, 0)).await.status(), 410);

    place.clock.advance(5 * 60_000 - 1);
    assert_eq!(place.show(&half, "000000").await.status(), 422, "just in time");
    place.clock.advance(1);
    assert_eq!(place.show(&half, &place.code(&seed, 0)).await.status(), 410);
    // Used once.
    let half = place.half().await;
    assert_eq!(place.show(&half, &place.code(&seed, 0)).await.status(), 303);
    assert_eq!(place.show(&half, &place.code(&seed, 1)).await.status(), 410);
    // A new password ends it.
    let half = place.half().await;
    let body = json!({ "current": PASSWORD, "new": "quite another umbrella" });
    place.answer("POST", "/password", 204, body).await;
    assert_eq!(place.show(&half, &place.code(&seed, 1)).await.status(), 410);
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_door_leads_past_it() {
    let place = Place::new().await;
    let (seed, _) = place.enabled().await;
    let people = &place.server.shared().people;
    let scope = server::auth::by_command_line(TenantId::default_tenant());
    // An invitation that is taken up with the password.
    let whence = Whence::default();
    let invited = people
        .invite(&scope, (EMAIL, Role::Operator), "test", &whence)
        .await
        .unwrap();
    let form = [("token", invited.as_str()), ("password", PASSWORD)];
    let half = half_of(place.form("/invite", &form).await).await;
    assert_eq!(place.show(&half, &place.code(&seed, 0)).await.status(), 303);
    // A new password from the host.
    let token = people
        .offer_reset(EMAIL, "test", SETUP_COUNTS)
        .await
        .unwrap()
        .unwrap();
    let form = [("token", token.as_str()), ("password", "quite another umbrella")];
    let half = half_of(place.form("/reset", &form).await).await;
    assert_eq!(place.show(&half, &place.code(&seed, 1)).await.status(), 303);
    // Showing the password again is not signing in.
    assert_eq!(
        half_of(place.login("quite another umbrella").await).await.len(),
        43
    );
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_ask_for_the_password_and_it_can_be_removed() {
    let place = Place::new().await;
    let (seed, codes) = place.enabled().await;
    place.clock.advance(16 * 60_000);
    for (verb, path, body) in [
        ("POST", "/second-factor", json!({})),
        ("POST", "/second-factor/enable", json!({ "code": "000000" })),
        ("POST", "/second-factor/recovery-codes", json!({})),
        ("DELETE", "/second-factor", json!({})),
    ] {
        let refused = place.answer(verb, path, 403, body).await;
        assert!(
            refused["type"].as_str().unwrap().ends_with("confirm-password"),
            "{refused}"
        );
    }
    let confirmed = place
        .send("POST", "/confirm", &place.ada, json!({ "password": PASSWORD }))
        .await;
    let place = Place {
        ada: cookie(&confirmed).unwrap(),
        ..place
    };
    place.answer("DELETE", "/second-factor", 204, json!({})).await;
    place.answer("DELETE", "/second-factor", 404, json!({})).await;
    place
        .answer("POST", "/second-factor/recovery-codes", 409, json!({}))
        .await;
    assert_eq!(
        place.login(PASSWORD).await.status(),
        303,
        "the password is enough"
    );
    let listed = place.server.shared().vault.holders().await.unwrap();
    for holder in listed {
        assert!(
            place
                .server
                .shared()
                .vault
                .list(&holder)
                .await
                .unwrap()
                .is_empty(),
            "the seed is gone"
        );
    }
    // Old codes and the old seed are worth nothing with a new one.
    let (new, _) = place.enabled().await;
    assert_ne!(new, seed);
    assert_eq!(place.enter(&codes[0]).await, 422);
    assert_eq!(place.enter(&place.code(&new, 0)).await, 303);
    assert!(place.actions().await.contains(&"account.totp.remove".to_owned()));
    assert!(place.server.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_can_remove_it() {
    let place = Place::new().await;
    place.enabled().await;
    let folder = place.server.folder().to_owned();
    let reset = |words: &[&str]| {
        let mut all = vec!["admin", "reset-password", EMAIL];
        all.extend(words);
        let output = crate::common::cli::run(&folder, &all);
        assert!(
            output.status.success(),
            "{}",
            crate::common::cli::text(&output.stderr)
        );
        (
            crate::common::cli::text(&output.stdout),
            crate::common::cli::text(&output.stderr),
        )
    };
    let (link, told) = reset(&[]);
    assert!(
        link.contains("/reset#t=") && !told.contains("second factor"),
        "{told}"
    );
    assert_eq!(place.login(PASSWORD).await.status(), 200, "still asked for");
    let (link, told) = reset(&["--remove-second-factor"]);
    assert!(
        link.contains("/reset#t=") && told.contains("no second factor any more"),
        "{told}"
    );
    assert_eq!(place.login(PASSWORD).await.status(), 303);
    let (_, told) = reset(&["--remove-second-factor"]);
    assert!(!told.contains("no second factor any more"), "{told}");
    assert!(place.actions().await.contains(&"account.totp.remove".to_owned()));
    assert!(place.server.stop().await);
}
