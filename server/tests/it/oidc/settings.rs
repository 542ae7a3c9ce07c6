//! What somebody does with their own identities: link, unlink, and show at the provider that it is them.

use serde_json::{Value, json};

use super::place::{Came, Place};

async fn link(place: &Place, session: &str, subject: &str) -> Came {
    let browser = place.begin_with("/settings", &[("do", "link")], session).await;
    assert!(!browser.asked.contains_key("prompt"));
    let code = place.grant(&browser, subject, &json!({ "email": "ada@idp.example" }));
    let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
    place.come_back(&browser, &back).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_linked_and_unlinked() {
    let place = Place::new("").await;
    let session = place.ada_by_password().await;
    let other = place.ada_by_password().await;
    let came = link(&place, &session, "1").await;
    assert_eq!(
        (came.status, came.location.as_str()),
        (303, "/settings?done=link")
    );
    let own = &place.identities().await[0];
    assert_eq!(
        (own.subject.as_str(), own.shown.as_str()),
        ("1", "ada@idp.example")
    );
    let linked = place
        .log()
        .await
        .into_iter()
        .rfind(|entry| entry.action == "account.link")
        .unwrap();
    assert!(linked.detail.contains("subject 1"), "{linked:?}");
    assert!(place.sign_in("1", json!({})).await.session.is_some());
    // Another identity beside it: one is enough, and the first stays.
    let came = link(&place, &session, "2").await;
    place
        .refused(
            &came,
            "belongs to an account already",
            "an identity that is linked already",
        )
        .await;
    assert!(came.html.contains("Back to the settings"), "{}", came.html);

    let form = [("do", "unlink"), ("issuer", place.provider.issuer.as_str())];
    let answer = place.form("/settings", &form, &session).await;
    assert_eq!(answer.headers()["location"], "/settings?done=unlink");
    assert_eq!(place.identities().await, []);
    let me = place.me(&session).await;
    assert_eq!(
        me["sessions"].as_array().unwrap().len(),
        1,
        "every other session has ended"
    );
    let old = place
        .server
        .client
        .get(place.server.url("/api/v1/me"))
        .header("cookie", &other);
    assert_eq!(old.send().await.unwrap().status(), 401);
    let came = place.sign_in("1", json!({})).await;
    place
        .refused(&came, "There is no account for you here", "there is no account")
        .await;
    assert!(
        place
            .log()
            .await
            .iter()
            .any(|entry| entry.action == "account.unlink")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_needs_the_password_and_the_same_session() {
    let place = Place::new("").await;
    let session = place.ada_by_password().await;
    let begun = place.begin_with("/settings", &[("do", "link")], &session).await;
    place.clock.advance(15 * 60_000);
    let stale = place.form("/settings", &[("do", "link")], &session).await;
    assert_eq!(stale.status(), 422);
    assert!(stale.headers().get("set-cookie").is_none());
    // It takes too long by now; and a browser that signed in anew is another session.
    let code = place.grant(&begun, "1", &json!({}));
    let back = [("state", begun.asked["state"].as_str()), ("code", code.as_str())];
    let came = place.come_back(&begun, &back).await;
    place
        .refused(&came, "took longer than ten minutes", "is old")
        .await;
    let (one, two) = (place.ada_by_password().await, place.ada_by_password().await);
    for session in [two.as_str(), ""] {
        let mut begun = place.begin_with("/settings", &[("do", "link")], &one).await;
        begun.session = session.to_owned();
        let code = place.grant(&begun, "1", &json!({}));
        let back = [("state", begun.asked["state"].as_str()), ("code", code.as_str())];
        let came = place.come_back(&begun, &back).await;
        place
            .refused(&came, "You signed out, or in anew", "another one by now")
            .await;
    }
    assert_eq!(place.identities().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_somebody_else_cannot_be_taken() {
    let place = Place::new("sign_up = true\nroles = [\"*=viewer\"]").await;
    let claims = json!({ "email": "eve@example.com", "email_verified": true, "name": "Eve" });
    assert_eq!(place.sign_in("7", claims).await.status, 303);
    let session = place.ada_by_password().await;
    let came = link(&place, &session, "7").await;
    place
        .refused(
            &came,
            "belongs to an account already",
            "an identity that is linked already",
        )
        .await;
    assert_eq!(place.identities().await, []);
}

/// Signs in at the provider once more, from the settings.
async fn confirm(place: &Place, session: &str, subject: &str, claims: &Value) -> Came {
    let form = [("do", "confirm"), ("with", "provider")];
    let browser = place.begin_with("/settings", &form, session).await;
    assert_eq!(
        (
            browser.asked["prompt"].as_str(),
            browser.asked["max_age"].as_str()
        ),
        ("login", "0")
    );
    let code = place.grant(&browser, subject, claims);
    let back = [
        ("state", browser.asked["state"].as_str()),
        ("code", code.as_str()),
    ];
    place.come_back(&browser, &back).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_shows_it_at_the_provider() {
    let place = Place::new("sign_up = true\nroles = [\"*=admin\"]").await;
    let claims = json!({ "email": "eve@example.com", "email_verified": true, "name": "Eve" });
    let session = place.sign_in("7", claims.clone()).await.session.unwrap();
    // Nobody knows when Eve showed a password there: what lets others in waits.
    assert_eq!(place.me(&session).await["confirmed_until"], 15 * 60_000);
    let now = || place.clock.now() / 1_000;
    let stale = json!({ "auth_time": now() - 61 - 60 });
    for claims in [json!({}), stale] {
        let came = confirm(&place, &session, "7", &claims).await;
        place
            .refused(&came, "has just signed in there", "auth_time")
            .await;
    }
    let fresh = json!({ "auth_time": now() });
    let came = confirm(&place, &session, "8", &fresh).await;
    place
        .refused(&came, "is not linked to this account", "somebody else confirmed")
        .await;
    let came = confirm(&place, &session, "7", &fresh).await;
    assert_eq!(
        (came.status, came.location.as_str()),
        (303, "/settings?done=confirm")
    );
    let anew = came.session.expect("the session goes on with another cookie");
    assert_ne!(anew, session);
    let me = place.me(&anew).await;
    assert_eq!(me["confirmed_until"], place.clock.now() + 15 * 60_000);
    let old = place
        .server
        .client
        .get(place.server.url("/api/v1/me"))
        .header("cookie", &session);
    assert_eq!(old.send().await.unwrap().status(), 401);
    // The only way in is not taken away.
    let form = [("do", "unlink"), ("issuer", place.provider.issuer.as_str())];
    assert_eq!(place.form("/settings", &form, &anew).await.status(), 422);

    // A sign-in during which the password was shown counts as that.
    let mut shown = claims;
    shown["auth_time"] = json!(now());
    let session = place.sign_in("7", shown).await.session.unwrap();
    let me = place.me(&session).await;
    assert_eq!(me["confirmed_until"], now() * 1_000 + 15 * 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_taken_away_over_json_too() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let session = place.ada_by_password().await;
    let send = async |body: Value| {
        let request = place
            .server
            .client
            .delete(place.server.url("/api/v1/me/identities"));
        let request = request.header("origin", format!("http://{}", place.server.address));
        let request = request.header("cookie", &session).json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(json!({})).await, 400);
    assert_eq!(send(json!({ "issuer": "https://another.example" })).await, 404);
    assert_eq!(send(json!({ "issuer": place.provider.issuer })).await, 204);
    assert_eq!(send(json!({ "issuer": place.provider.issuer })).await, 404);
    assert_eq!(place.identities().await, []);
}
