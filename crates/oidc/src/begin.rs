//! The beginning of a sign-in: what the browser carries to the provider, and what stays with us.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::error::Error;
use crate::metadata::Metadata;

/// A sign-in that has begun. It stays on the caller's side: nothing of it but the state is in the address, and of the
/// verifier a hash.
#[derive(Clone)]
pub struct Flow {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    pub(crate) redirect_uri: String,
    /// Somebody must sign in anew at the provider, not before this moment, epoch milliseconds.
    pub(crate) fresh: Option<i64>,
}

impl Flow {
    /// What the provider gives back; names the flow.
    pub fn state(&self) -> &str {
        &self.state
    }
}

/// A flow, and where its browser is sent.
pub struct Begun {
    /// Kept until the browser comes back.
    pub flow: Flow,
    /// An address of the provider.
    pub url: String,
}

/// 256 random bits as text.
fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::Random(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Makes a flow and its address.
pub(crate) fn begin(
    metadata: &Metadata,
    (client_id, scopes): (&str, &str),
    redirect_uri: &str,
    fresh: Option<i64>,
) -> Result<Begun, Error> {
    let flow = Flow {
        state: random()?,
        nonce: random()?,
        verifier: random()?,
        redirect_uri: redirect_uri.to_owned(),
        fresh,
    };
    let mut url = Url::parse(&metadata.authorization_endpoint).map_err(|_| Error::Metadata {
        field: "authorization_endpoint",
        why: "is no URL".into(),
    })?;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier.as_bytes()));
    let mut query = url.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", scopes)
        .append_pair("state", &flow.state)
        .append_pair("nonce", &flow.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if fresh.is_some() {
        query.append_pair("prompt", "login").append_pair("max_age", "0");
    }
    drop(query);
    Ok(Begun {
        flow,
        url: url.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn metadata() -> Metadata {
        let document = br#"{"issuer":"https://a","authorization_endpoint":"https://a/auth?tenant=1",
            "token_endpoint":"https://a/t","jwks_uri":"https://a/k"}"#;
        Metadata::read(document, "https://a").unwrap()
    }

    fn pairs(url: &str) -> BTreeMap<String, String> {
        Url::parse(url).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn the_address_carries_the_challenge_and_not_the_verifier() {
        let begun = begin(&metadata(), ("me & you", "openid email"), "https://b/back", None).unwrap();
        let sent = pairs(&begun.url);
        let flow = &begun.flow;
        assert!(begun.url.starts_with("https://a/auth?tenant=1&"));
        assert!(!begun.url.contains(&flow.verifier));
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&flow.verifier));
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "me & you"),
            ("redirect_uri", "https://b/back"),
            ("scope", "openid email"),
            ("state", &flow.state),
            ("nonce", &flow.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!sent.contains_key("prompt") && !sent.contains_key("max_age"));
        let fresh = begin(&metadata(), ("c", "openid"), "https://b/back", Some(7)).unwrap();
        let sent = pairs(&fresh.url);
        assert_eq!(
            (sent["prompt"].as_str(), sent["max_age"].as_str()),
            ("login", "0")
        );
    }

    #[test]
    fn nothing_is_used_twice() {
        let one = begin(&metadata(), ("c", "openid"), "https://b/back", None)
            .unwrap()
            .flow;
        let two = begin(&metadata(), ("c", "openid"), "https://b/back", None)
            .unwrap()
            .flow;
        let all = [
            &one.state,
            &one.nonce,
            &one.verifier,
            &two.state,
            &two.nonce,
            &two.verifier,
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), 6);
        assert!(all.iter().all(|text| text.len() == 43));
    }
}
