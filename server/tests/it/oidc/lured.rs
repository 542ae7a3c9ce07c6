//! Browsers that were lured: what comes back must come back to the browser that began, once, and soon.

use serde_json::json;

use super::place::{Browser, Place};

const WORDS: &str = "was not begun in this browser";
const NOTED: &str = "a state that is not this browser's";

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_comes_to_the_browser_that_began_once() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let own = place.begin().await;
    let other = place.begin().await;
    let code = place.grant(&own, "1", &json!({}));
    let state = own.asked["state"].as_str();
    let nobody = Browser {
        cookie: String::new(),
        ..own.clone()
    };
    // An attacker's own answer, in the browser of somebody else: they would be signed in as the attacker.
    for (browser, state) in [
        (&other, state),
        (&nobody, state),
        (&own, ""),
        (&own, "guessed"),
        (&own, &other.asked["state"]),
    ] {
        let came = place
            .come_back(browser, &[("state", state), ("code", &code)])
            .await;
        place.refused(&came, WORDS, NOTED).await;
    }
    let came = place.come_back(&own, &[("code", &code)]).await;
    place.refused(&came, WORDS, NOTED).await;
    let came = place
        .come_back(
            &own,
            &[
                ("state", state),
                ("state", &other.asked["state"]),
                ("code", &code),
            ],
        )
        .await;
    place.refused(&came, WORDS, NOTED).await;
    assert_eq!(place.provider.asked("token"), 0, "no code was exchanged");
    let back = [("state", state), ("code", code.as_str())];
    let came = place.come_back(&own, &back).await;
    assert_eq!(came.status, 303);
    let came = place.come_back(&own, &back).await;
    place.refused(&came, WORDS, NOTED).await;
    assert_eq!(place.provider.asked("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_is_the_longest_that_somebody_may_take() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    for (wait, status) in [(599_000, 303), (600_000, 403)] {
        let browser = place.begin().await;
        place.clock.advance(wait);
        let code = place.grant(&browser, "1", &json!({}));
        let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
        assert_eq!(place.come_back(&browser, &back).await.status, status, "{wait}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_page_begins_a_sign_in() {
    let place = Place::new("").await;
    let ask = async |origin: Option<&str>, site: Option<&str>| {
        let mut request = place.server.client.post(place.server.url("/login/oidc")).body("");
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.send().await.unwrap().status().as_u16()
    };
    let own = format!("http://{}", place.server.address);
    assert_eq!(ask(Some(&own), Some("same-origin")).await, 200);
    for (origin, site) in [
        (Some("https://evil.example"), Some("cross-site")),
        (Some("null"), None),
        (None, Some("cross-site")),
        (None, Some("same-site")),
        (None, None),
    ] {
        assert_eq!(ask(origin, site).await, 403, "{origin:?} {site:?}");
    }
    let by_address = place
        .server
        .client
        .get(place.server.url("/login/oidc"))
        .send()
        .await
        .unwrap();
    assert_eq!(by_address.status(), 303);
    assert_eq!(by_address.headers()["location"], "/login");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_leads_to_our_own_pages_only() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    for (next, to) in [
        ("/t/default/limits?a=b", "/t/default/limits?a=b"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ] {
        let browser = place.begin_with("/login/oidc", &[("next", next)], "").await;
        let code = place.grant(&browser, "1", &json!({}));
        let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
        let came = place.come_back(&browser, &back).await;
        assert_eq!((came.status, came.location.as_str()), (303, to), "{next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_says_is_shown_as_text_and_only_when_it_was_asked() {
    let place = Place::new("").await;
    let evil = "<script>alert(1)</script>\r\nSet-Cookie: a=b";
    let browser = place.begin().await;
    let state = browser.asked["state"].as_str();
    let said = [
        ("state", state),
        ("error", "access_denied"),
        ("error_description", evil),
    ];
    let came = place.come_back(&browser, &said).await;
    place
        .refused(
            &came,
            "Acme &lt;ID&gt; did not sign you in",
            "the provider answered access_denied",
        )
        .await;
    assert!(
        came.html.contains("access_denied: &lt;script&gt;alert(1)"),
        "{}",
        came.html
    );
    assert!(!came.html.contains("<script>alert"), "{}", came.html);
    // Whoever writes an address makes our page say nothing.
    let came = place.come_back(&browser, &said).await;
    place.refused(&came, WORDS, NOTED).await;
    assert!(
        !came.html.contains("alert(1)") && !came.html.contains("access_denied"),
        "{}",
        came.html
    );
    let browser = place.begin().await;
    let came = place
        .come_back(&browser, &[("state", &browser.asked["state"])])
        .await;
    place
        .refused(&came, "It says: no code", "the provider answered no code")
        .await;
    let long = "x".repeat(7_000);
    let browser = place.begin().await;
    let params = [("state", browser.asked["state"].as_str()), ("error", &long)];
    let came = place.come_back(&browser, &params).await;
    assert!(!came.html.contains(&"x".repeat(201)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_again_and_again_forgets_their_own() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let first = place.begin().await;
    for _ in 0..100 {
        place.begin().await;
    }
    let code = place.grant(&first, "1", &json!({}));
    let back = [("state", first.asked["state"].as_str()), ("code", &code)];
    assert_eq!(place.come_back(&first, &back).await.status, 403);
    assert_eq!(place.sign_in("1", json!({})).await.status, 303);
}
