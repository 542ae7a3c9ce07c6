//! A provider that lies: none of it lets anybody in, and all of it is in the audit log.

use serde_json::{Value, json};

use super::place::Place;
use super::provider::{Lies, Provider, Signed};

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_token_lets_in_whatever_it_is_signed_with() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    for signed in [Signed::Rsa, Signed::P256, Signed::Ed25519] {
        let came = place
            .sign_in_lied(Lies {
                signed,
                ..Lies::default()
            })
            .await;
        assert_eq!(
            (came.status, came.location.as_str()),
            (303, "/providers"),
            "{signed:?}"
        );
        let me = place.me(&came.session.unwrap()).await;
        assert_eq!(me["account"]["email"], "ada@example.com");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_not_taken_on_trust() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    for (signed, words) in [
        (Signed::Not, "none"),
        (Signed::WithPublicModulus, "HS256"),
        (Signed::WithPublicDer, "HS256"),
        (Signed::WithPublicPem, "HS256"),
        (Signed::Forged, "signature of the ID token is wrong"),
        (Signed::UnknownKey, "a key that the provider does not publish"),
        (Signed::Mislabelled, "a key that the provider does not publish"),
    ] {
        let lies = Lies {
            signed,
            ..Lies::default()
        };
        let came = place.sign_in_lied(lies).await;
        place.refused(&came, "is not believed", words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_must_answer_our_question() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let now = place.clock.now() / 1_000;
    let long_ago = json!({ "iat": now - 900, "exp": now - 61 });
    for (claims, words) in [
        (json!({ "nonce": "another" }), "answers another sign-in"),
        (json!({ "nonce": null }), "answers another sign-in"),
        (json!({ "aud": "somebody-else" }), "for another application"),
        (
            json!({ "aud": ["fuseboard", "somebody-else"] }),
            "for another application",
        ),
        (json!({ "azp": "somebody-else" }), "for another application"),
        (json!({ "iss": "http://127.0.0.1:1" }), "from another issuer"),
        (
            json!({ "iss": format!("{}/", place.provider.issuer) }),
            "from another issuer",
        ),
        (long_ago, "has expired"),
        (json!({ "exp": null }), "does not say when it expires"),
        (json!({ "exp": "2999999999" }), "a time in it is no number"),
        (json!({ "iat": now + 61 }), "is from the future"),
        (json!({ "sub": null }), "does not say who it is for"),
        (json!({ "sub": "" }), "does not say who it is for"),
    ] {
        let lies = Lies {
            claims: claims.clone(),
            ..Lies::default()
        };
        let came = place.sign_in_lied(lies).await;
        place.refused(&came, "is not believed", words).await;
    }
    let within = json!({ "iat": now - 900, "exp": now - 59 });
    let lies = Lies {
        claims: within,
        ..Lies::default()
    };
    assert_eq!(
        place.sign_in_lied(lies).await.status,
        303,
        "clocks may differ by a minute"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_used_once_and_by_whoever_asked() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let first = place.begin().await;
    let code = place.grant(&first, "1", &json!({}));
    let came = place
        .come_back(&first, &[("state", &first.asked["state"]), ("code", &code)])
        .await;
    assert_eq!(came.status, 303);
    // Another sign-in with the code of the first: the provider knows it is used.
    let second = place.begin().await;
    let came = place
        .come_back(&second, &[("state", &second.asked["state"]), ("code", &code)])
        .await;
    place.refused(&came, "invalid_grant", "invalid_grant").await;
    assert!(!came.html.contains("<b>such"), "what it says is text");
    // A provider that takes codes again, and a code of somebody else's sign-in: the verifier is not theirs.
    place.provider.lie(Lies {
        codes_again: true,
        ..Lies::default()
    });
    let (theirs, ours) = (place.begin().await, place.begin().await);
    let code = place.grant(&theirs, "1", &json!({}));
    let came = place
        .come_back(&ours, &[("state", &ours.asked["state"]), ("code", &code)])
        .await;
    place.refused(&came, "invalid_grant", "invalid_grant").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_names_its_provider_as_it_must() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let come = async |issuer: Option<&str>| {
        let browser = place.begin().await;
        let code = place.grant(&browser, "1", &json!({}));
        let mut params = vec![("state", browser.asked["state"].as_str()), ("code", &code)];
        params.extend(issuer.map(|issuer| ("iss", issuer)));
        place.come_back(&browser, &params).await
    };
    let own = place.provider.issuer.clone();
    assert_eq!(come(Some(&own)).await.status, 303);
    let tokens = place.provider.asked("token");
    for other in ["http://127.0.0.1:1", "", &format!("{own}/")] {
        let came = come(Some(other)).await;
        place
            .refused(&came, "is not believed", "from another issuer")
            .await;
    }
    assert_eq!(place.provider.asked("token"), tokens, "the code went to nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_its_name_must_always_say_it() {
    let provider = Provider::start().await;
    provider.lie(Lies {
        metadata: json!({ "authorization_response_iss_parameter_supported": true }),
        ..Lies::default()
    });
    let place = knows(provider).await;
    place.link_ada("1").await;
    let came = place.sign_in("1", json!({})).await;
    place
        .refused(&came, "is not believed", "from another issuer")
        .await;
}

/// A server that knows this provider, which lies from the beginning.
async fn knows(provider: std::sync::Arc<Provider>) -> Place {
    let toml = format!(
        "[outbound]\nallow = [\"127.0.0.1\"]\n[oidc]\nissuer = \"{}\"\nclient_id = \"fuseboard\"\nclient_secret = \
         \"s3cret & more\"\nname = \"Acme\"\n",
        provider.issuer
    );
    Place::with(&toml, provider).await
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_cannot_be_trusted_lead_nowhere() {
    let lies = |change: Value| Lies {
        metadata: change,
        ..Lies::default()
    };
    for (lies, words, noted) in [
        (
            lies(json!({ "issuer": "http://127.0.0.1:1" })),
            "is not set up as",
            "metadata cannot be used: issuer",
        ),
        (
            lies(json!({ "authorization_endpoint": "javascript:alert(1)" })),
            "is not set up as",
            "authorization_endpoint",
        ),
        (
            lies(json!({ "token_endpoint": null })),
            "is not set up as",
            "token_endpoint",
        ),
        (
            lies(json!({ "code_challenge_methods_supported": ["plain"] })),
            "is not set up as",
            "code_challenge_methods_supported",
        ),
        (
            lies(json!({ "padding": "x".repeat(70_000) })),
            "cannot be asked right now",
            "metadata cannot be had",
        ),
        (
            Lies {
                redirect: Some("/elsewhere".into()),
                ..Lies::default()
            },
            "cannot be asked right now",
            "it leads elsewhere (307)",
        ),
    ] {
        let provider = Provider::start().await;
        provider.lie(lies);
        let place = knows(provider).await;
        let answer = place.form("/login/oidc", &[], "").await;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().get("set-cookie").is_none());
        let html = answer.text().await.unwrap();
        assert!(
            html.contains(words) && html.contains("name=\"password\""),
            "{html}"
        );
        let denied = place.denied().await;
        assert!(
            denied.last().is_some_and(|target| target.contains(noted)),
            "{noted}: {denied:?}"
        );
        place.form("/login/oidc", &[], "").await;
        assert_eq!(
            place.provider.asked("metadata"),
            1,
            "it is left alone for a while"
        );
        assert!(place.server.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_bounded_and_asked_for_anew_once_a_minute() {
    let place = Place::new("").await;
    place.link_ada("1").await;
    let huge = Lies {
        padding: 300 << 10,
        ..Lies::default()
    };
    let came = place.sign_in_lied(huge).await;
    place
        .refused(&came, "cannot be asked right now", "set of keys cannot be had")
        .await;
    assert_eq!(place.sign_in("1", json!({})).await.status, 303);
    let asked = place.provider.asked("keys");
    for _ in 0..4 {
        let unknown = Lies {
            signed: Signed::UnknownKey,
            ..Lies::default()
        };
        place.sign_in_lied(unknown).await;
    }
    assert_eq!(
        place.provider.asked("keys"),
        asked,
        "they were asked for a moment ago"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_inside_must_be_allowed() {
    let provider = Provider::start().await;
    // Public by its name, and on this machine all the same.
    let issuer = provider.issuer.replace("http://", "https://");
    let toml = format!("[oidc]\nissuer = \"{issuer}\"\nclient_id = \"fuseboard\"\n");
    let place = Place::with(&toml, provider).await;
    let answer = place.form("/login/oidc", &[], "").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("cannot be asked right now"));
    assert_eq!(place.provider.asked("metadata"), 0);
    let denied = place.denied().await;
    assert!(
        denied.iter().any(|target| target.contains("loopback")),
        "{denied:?}"
    );
}
