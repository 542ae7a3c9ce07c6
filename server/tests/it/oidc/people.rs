//! Who is let in: by issuer and subject alone, with an invitation, or with a role that the provider gives.

use serde_json::{Value, json};
use store::Role;

use super::place::{Came, Place};
use super::provider::{Lies, Signed};

fn verified(email: &str) -> Value {
    json!({ "email": email, "email_verified": true, "name": "Eve" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_opens_its_account_and_no_other() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let came = place.sign_in("1", verified("somebody-else@example.com")).await;
    let session = came.session.expect("in");
    let me = place.me(&session).await;
    assert_eq!(
        me["account"]["email"], "ada@example.com",
        "the subject counts, not the address"
    );
    assert_eq!(me["sessions"][0]["via"], "Acme <ID>");
    assert_eq!(me["identities"][0]["issuer"], json!(place.provider.issuer));
    let log = place.log().await;
    let opened = log.iter().rfind(|entry| entry.action == "session.open").unwrap();
    assert_eq!(opened.detail, "ada@example.com through Acme <ID>");
    // The subject is compared to the letter.
    for subject in ["1 ", "01", "2"] {
        let came = place.sign_in(subject, json!({})).await;
        place
            .refused(&came, "There is no account for you here", "there is no account")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_is_not_the_same_person() {
    let place = Place::new("sign_up = true\nroles = [\"*=admin\"]").await;
    let came = place.sign_in("7", verified("ADA@example.com")).await;
    let words = "Sign in with its password once, and link Acme &lt;ID&gt; under Settings";
    place
        .refused(
            &came,
            words,
            "the address has an account that it is not linked to",
        )
        .await;
    // An address that is not proved is not even told to have an account.
    for proof in [json!(false), json!("false"), json!(null), json!(1)] {
        let claims = json!({ "email": "ada@example.com", "email_verified": proof, "name": "Eve" });
        let came = place.sign_in("7", claims).await;
        place
            .refused(&came, "has been verified", "the address is not verified")
            .await;
        assert!(!came.html.contains("has an account here"), "{}", came.html);
    }
    assert_eq!(place.identities().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_an_account_unless_that_is_switched_on() {
    let place = Place::new("roles = [\"*=admin\"]").await;
    let came = place.sign_in("7", verified("eve@example.com")).await;
    place
        .refused(&came, "Ask an admin for an invitation", "there is no account")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_role_there_gets_an_account_with_it() {
    let roles =
        "sign_up = true\nroles_claim = \"realm_access.roles\"\nroles = [\"staff=viewer\", \"ops=admin\"]";
    let place = Place::new(roles).await;
    let with = |roles: Value| {
        let mut claims = verified("eve@example.com");
        claims["realm_access"] = json!({ "roles": roles });
        claims
    };
    for none in [
        json!([]),
        json!(["owner", "admin", "*"]),
        json!({ "staff": true }),
        json!(null),
    ] {
        let came = place.sign_in("7", with(none)).await;
        place
            .refused(&came, "gives you no role here", "there is no role for it")
            .await;
    }
    let came = place.sign_in("7", with(json!(["x", "staff", "ops"]))).await;
    let me = place.me(&came.session.expect("in")).await;
    assert_eq!(me["account"]["email"], "eve@example.com");
    assert_eq!(
        (&me["account"]["name"], &me["role"]),
        (&json!("Eve"), &json!("admin"))
    );
    assert_eq!(me["platform_admin"], false);
    assert_eq!(me["has_password"], false);
    let log = place.log().await;
    let made = log
        .iter()
        .rfind(|entry| entry.action == "account.create")
        .unwrap();
    assert!(
        made.detail
            .contains("eve@example.com as admin, through Acme <ID>"),
        "{made:?}"
    );
    // What the provider says later changes no role here.
    let came = place.sign_in("7", with(json!([]))).await;
    assert_eq!(place.me(&came.session.unwrap()).await["role"], "admin");
    // Another subject with the same address is somebody else.
    let came = place.sign_in("8", with(json!(["ops"]))).await;
    place
        .refused(&came, "has an account here", "that it is not linked to")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_may_come_later_but_of_the_same_person() {
    let place = Place::new("sign_up = true\nroles_claim = \"groups\"\nroles = [\"staff=operator\"]").await;
    let userinfo = |subject: &str| Lies {
        userinfo: Some(json!({
            "sub": subject, "email": "eve@example.com", "email_verified": true, "name": "Eve", "groups": ["staff"],
        })),
        ..Lies::default()
    };
    place.provider.lie(userinfo("somebody else"));
    let came = place.sign_in("7", json!({})).await;
    place
        .refused(&came, "somebody else", "the claims are those of somebody else")
        .await;
    place.provider.lie(userinfo("7"));
    let came = place.sign_in("7", json!({})).await;
    let me = place.me(&came.session.expect("in")).await;
    assert_eq!(
        (&me["role"], &me["account"]["name"]),
        (&json!("operator"), &json!("Eve"))
    );
    let asked = place.provider.asked("userinfo");
    assert_eq!(place.sign_in("7", json!({})).await.status, 303);
    assert_eq!(
        place.provider.asked("userinfo"),
        asked,
        "who is known is not asked about"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_provider_renews_are_found() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    assert_eq!(place.sign_in("1", json!({})).await.status, 303);
    place.clock.advance(61_000);
    let unknown = Lies {
        signed: Signed::UnknownKey,
        ..Lies::default()
    };
    place.sign_in_lied(unknown.clone()).await;
    assert_eq!(place.provider.asked("keys"), 2, "it might have been a new one");
    place.sign_in_lied(unknown).await;
    assert_eq!(place.provider.asked("keys"), 2);
    place.clock.advance(3_600_000);
    assert_eq!(place.sign_in("1", json!({})).await.status, 303);
    assert_eq!(
        (place.provider.asked("keys"), place.provider.asked("metadata")),
        (3, 2)
    );
}

async fn accept(place: &Place, token: &str, subject: &str, claims: Value) -> Came {
    let form = [("invitation", token)];
    let browser = place.begin_with("/login/oidc", &form, "").await;
    let code = place.grant(&browser, subject, &claims);
    let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
    place.come_back(&browser, &back).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_taken_up_through_the_provider() {
    let place = Place::new("").await;
    let token = place.invite("bob@example.com", Role::Operator).await;
    let shown = place
        .form("/invite", &[("token", &token)], "")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        shown.contains("Continue with Acme &lt;ID&gt;") && shown.contains(&token),
        "{shown}"
    );
    // An address of the provider's is not needed: whoever has the invitation is invited.
    let came = accept(&place, &token, "9", json!({ "name": "Bob" })).await;
    assert_eq!((came.status, came.location.as_str()), (303, "/"));
    let me = place.me(&came.session.unwrap()).await;
    assert_eq!(
        (&me["account"]["email"], &me["role"]),
        (&json!("bob@example.com"), &json!("operator"))
    );
    let came = accept(&place, &token, "10", json!({})).await;
    assert_eq!((came.status, came.session), (410, None), "it is used");
    assert_eq!(place.sign_in("9", json!({})).await.status, 303);
    // Bob is known now: another invitation is for somebody else, or for him.
    let token = place.invite("cyd@example.com", Role::Admin).await;
    let came = accept(&place, &token, "9", json!({})).await;
    place
        .refused(
            &came,
            "this invitation is for cyd@example.com",
            "an invitation for somebody else",
        )
        .await;
    let token = place.invite("bob@example.com", Role::Admin).await;
    let came = accept(&place, &token, "9", json!({})).await;
    assert_eq!(place.me(&came.session.unwrap()).await["role"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_for_an_account_needs_that_account() {
    let place = Place::new("").await;
    let token = place.invite("ada@example.com", Role::Owner).await;
    let came = accept(&place, &token, "66", verified("ada@example.com")).await;
    place
        .refused(
            &came,
            "under Settings first",
            "an invitation for an account that it is not linked to",
        )
        .await;
    assert!(came.html.contains(&format!("/invite#t={token}")), "{}", came.html);
    assert_eq!(place.identities().await, []);
    place.link_ada("1").await;
    let came = accept(&place, &token, "1", json!({})).await;
    assert_eq!(place.me(&came.session.unwrap()).await["role"], "owner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_stays_shut() {
    let place = Place::new("").await;
    place.disabled("1").await;
    let came = place.sign_in("1", json!({})).await;
    place
        .refused(&came, "Your account here is disabled", "the account is disabled")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_ends_the_session_that_the_browser_had() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let session = place.ada_by_password().await;
    let browser = place.begin_with("/login/oidc", &[], &session).await;
    let code = place.grant(&browser, "1", &json!({}));
    let back = [("state", browser.asked["state"].as_str()), ("code", &code)];
    let came = place.come_back(&browser, &back).await;
    let me = place.me(&came.session.unwrap()).await;
    assert_eq!(me["sessions"].as_array().unwrap().len(), 1, "{me}");
}
