//! `oidc.only`: every other way in is closed, and the host has a way back.

use serde_json::json;
use server::auth::{PeopleError, SETUP_COUNTS, Whence};
use store::Role;

use super::place::Place;
use crate::common::people::PASSWORD;

const WORDS: &str = "is possible with Acme &lt;ID&gt; only";

#[tokio::test(flavor = "multi_thread")]
async fn no_password_lets_anybody_in() {
    let place = Place::new("only = true").await;
    let page = place
        .server
        .client
        .get(place.server.url("/login"))
        .send()
        .await
        .unwrap();
    let html = page.text().await.unwrap();
    assert!(
        html.contains("Continue with Acme &lt;ID&gt;") && !html.contains("password"),
        "{html}"
    );
    let people = &place.server.shared().people;
    let reset = people
        .offer_reset("ada@example.com", "test", SETUP_COUNTS)
        .await
        .unwrap()
        .unwrap();
    let known = place.invite("ada@example.com", Role::Admin).await;
    let new = place.invite("bob@example.com", Role::Admin).await;
    for (path, form) in [
        (
            "/login",
            vec![("email", "ada@example.com"), ("password", PASSWORD)],
        ),
        ("/login/code", vec![("half", "x"), ("code", "123456")]),
        (
            "/reset",
            vec![("token", reset.as_str()), ("password", "another umbrella in may")],
        ),
        ("/invite", vec![("token", known.as_str()), ("password", PASSWORD)]),
        (
            "/invite",
            vec![("token", new.as_str()), ("password", "another umbrella in may")],
        ),
    ] {
        let answer = place.form(path, &form, "").await;
        assert_eq!(answer.status(), 403, "{path}");
        assert!(answer.headers().get("set-cookie").is_none(), "{path}");
        let html = answer.text().await.unwrap();
        assert!(
            html.contains(WORDS) && !html.contains("type=\"password\""),
            "{path}: {html}"
        );
    }
    // And not by passing the pages by.
    let entered = people
        .sign_in("ada@example.com", PASSWORD, &Whence::default(), None)
        .await;
    assert!(matches!(entered, Err(PeopleError::Only(_))));
    let entered = people
        .reset(&reset, "another umbrella in may", &Whence::default())
        .await;
    assert!(matches!(entered, Err(PeopleError::Only(_))));
    let entered = people.accept(&known, "", PASSWORD, &Whence::default()).await;
    assert!(matches!(entered, Err(PeopleError::Only(_))));
    assert_eq!(place.identities().await, []);
    assert!(people.open_sessions(&place.ada().await).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_lets_in_whom_the_host_has_linked() {
    let place = Place::new("only = true").await;
    let claims = json!({ "email": "ada@example.com", "email_verified": true, "name": "Ada" });
    let came = place.sign_in("1", claims.clone()).await;
    place
        .refused(
            &came,
            "fuseboard admin link",
            "subject 1 (ada@example.com): the address has an account",
        )
        .await;
    place.link_ada("1").await;
    let came = place.sign_in("1", claims).await;
    let session = came.session.expect("in");
    assert_eq!(place.me(&session).await["provider"]["only"], true);
    // What is left of the ways in stays.
    let issuer = place.provider.issuer.as_str();
    place.clock.advance(1);
    let page = place
        .form("/settings", &[("do", "unlink"), ("issuer", issuer)], &session)
        .await;
    assert_eq!(page.status(), 422);
    assert_eq!(place.identities().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invitation_leads_to_the_provider_alone() {
    let place = Place::new("only = true").await;
    let token = place.invite("bob@example.com", Role::Viewer).await;
    let shown = place.form("/invite", &[("token", &token)], "").await;
    let html = shown.text().await.unwrap();
    assert!(
        html.contains("Continue with") && !html.contains("type=\"password\""),
        "{html}"
    );
    let browser = place
        .begin_with("/login/oidc", &[("invitation", &token)], "")
        .await;
    let code = place.grant(&browser, "9", &json!({ "name": "Bob" }));
    let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
    let came = place.come_back(&browser, &back).await;
    assert_eq!(
        place.me(&came.session.expect("in")).await["account"]["email"],
        "bob@example.com"
    );
}
