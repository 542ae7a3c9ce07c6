//! ID tokens: read as JWS compact serialisation (RFC 7515), checked as OpenID Connect Core 3.1.3.7 says.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::error::{TokenError, plain};
use crate::keys::{Algorithm, Keys};

/// Clocks may differ by so much, seconds.
pub(crate) const LEEWAY: i64 = 60;
/// The longest subject, as the standard has it.
const LONGEST_SUBJECT: usize = 255;

/// What a token must say to be the answer to a question of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Epoch seconds.
    pub now: i64,
    /// Somebody signed in there not before this, epoch seconds.
    pub fresh: Option<i64>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// A token, taken apart and not believed yet.
pub(crate) struct Token<'a> {
    algorithm: Algorithm,
    key: Option<String>,
    message: &'a str,
    signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes it apart.
    ///
    /// # Errors
    /// It is no token, or signed in a way that is not taken.
    pub fn read(text: &'a str) -> Result<Token<'a>, TokenError> {
        let unreadable = TokenError::Unreadable;
        let (message, signature) = text.rsplit_once('.').ok_or(unreadable("it has no parts"))?;
        let (header, payload) = message
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or(unreadable("it does not have three parts"))?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part);
        let header = decode(header).map_err(|_| unreadable("its header is not base64url"))?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| unreadable("its header is no JSON with alg"))?;
        let algorithm =
            Algorithm::parse(&header.alg).ok_or_else(|| TokenError::Algorithm(plain(&header.alg)))?;
        if header.crit.is_some() {
            return Err(unreadable("its header asks for extensions (crit)"));
        }
        Ok(Token {
            algorithm,
            key: header.kid,
            message,
            signature: decode(signature).map_err(|_| unreadable("its signature is not base64url"))?,
            payload: decode(payload).map_err(|_| unreadable("its claims are not base64url"))?,
        })
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`], [`TokenError::Signature`].
    pub fn check_signature(&self, keys: &Keys) -> Result<(), TokenError> {
        let message = self.message.as_bytes();
        keys.check(self.algorithm, self.key.as_deref(), message, &self.signature)
    }

    /// Its claims, if they are what was expected. To be asked after the signature.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn claims(self, expected: Expected<'_>) -> Result<Map<String, Value>, TokenError> {
        let claims: Map<String, Value> = serde_json::from_slice(&self.payload)
            .map_err(|_| TokenError::Unreadable("its claims are no JSON object"))?;
        check(&claims, expected)?;
        Ok(claims)
    }
}

fn check(claims: &Map<String, Value>, expected: Expected<'_>) -> Result<(), TokenError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    check_audience(claims, expected.client_id)?;
    // A time that is no number is no time, and never passed over.
    let time = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match seconds(value) {
            Some(time) => Ok(Some(time)),
            None => Err(TokenError::Unreadable("a time in it is no number")),
        },
    };
    let expires = time("exp")?.ok_or(TokenError::Unreadable("it does not say when it expires"))?;
    if expected.now >= expires.saturating_add(LEEWAY) {
        return Err(TokenError::Expired);
    }
    let issued = time("iat")?.ok_or(TokenError::Unreadable("it does not say when it was issued"))?;
    let not_before = time("nbf")?.unwrap_or(issued);
    if issued.max(not_before) > expected.now.saturating_add(LEEWAY) {
        return Err(TokenError::Future);
    }
    let nonce = text("nonce").unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err(TokenError::Nonce);
    }
    let subject = text("sub").unwrap_or_default();
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(TokenError::Unreadable("it does not say who it is for (sub)"));
    }
    let signed_in = time("auth_time")?;
    if let Some(fresh) = expected.fresh
        && signed_in.is_none_or(|at| at.saturating_add(LEEWAY) < fresh)
    {
        return Err(TokenError::Stale);
    }
    Ok(())
}

/// For us alone, or for us among others when we are the one who asked.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), TokenError> {
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().map(|one| one.as_str().unwrap_or_default()).collect(),
        _ => Vec::new(),
    };
    let party = claims.get("azp").map(|party| party.as_str().unwrap_or_default());
    let ours = audience.contains(&client_id)
        && party.is_none_or(|party| party == client_id)
        && (audience.len() == 1 || party.is_some());
    if ours { Ok(()) } else { Err(TokenError::Audience) }
}

/// A time of a claim, whole seconds.
pub(crate) fn seconds(value: &Value) -> Option<i64> {
    let number = value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        // Further than any clock goes a number is nonsense.
        (float.abs() < 1e15).then_some(float as i64)
    })?;
    (0..=1_000_000_000_000).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://idp.example",
            client_id: "us",
            nonce: "n-1",
            now: NOW,
            fresh: None,
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://idp.example", "aud": "us", "sub": "1", "nonce": "n-1", "exp": NOW + 300, "iat": NOW,
        })
    }

    struct Provider {
        key: Ed25519KeyPair,
        keys: Keys,
    }

    impl Provider {
        fn new() -> Provider {
            let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
            let x = b64(key.public_key());
            let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k" }] });
            let keys = Keys::read(set.to_string().as_bytes()).unwrap();
            Provider { key, keys }
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let message = [b64(header.to_string()), b64(claims.to_string())].join(".");
            let signature = b64(self.key.sign(message.as_bytes()));
            [message, signature].join(".")
        }

        fn judge(&self, text: &str, expected: Expected<'_>) -> Result<Map<String, Value>, TokenError> {
            let token = Token::read(text)?;
            token.check_signature(&self.keys)?;
            token.claims(expected)
        }

        fn with(&self, change: impl FnOnce(&mut Value)) -> Result<Map<String, Value>, TokenError> {
            let mut claims = claims();
            change(&mut claims);
            let token = self.sign(&json!({ "alg": "EdDSA", "kid": "k" }), &claims);
            self.judge(&token, expected())
        }
    }

    #[test]
    fn a_good_token_is_believed_whatever_it_is_signed_with() {
        let provider = Provider::new();
        let read = provider.with(|_| {}).unwrap();
        assert_eq!(read["sub"], "1");
        // P-256, as most that are not RSA; RSA is proved with a real provider in the server's tests.
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = key.public_key().as_ref().to_vec();
        let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) }] });
        let keys = Keys::read(set.to_string().as_bytes()).unwrap();
        let message = [
            b64(json!({ "alg": "ES256" }).to_string()),
            b64(claims().to_string()),
        ]
        .join(".");
        let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        let text = [message.as_str(), &b64(signature)].join(".");
        let token = Token::read(&text).unwrap();
        token.check_signature(&keys).unwrap();
        assert_eq!(token.check_signature(&provider.keys), Err(TokenError::UnknownKey));
        token.claims(expected()).unwrap();
    }

    #[test]
    fn the_header_chooses_neither_key_nor_algorithm() {
        let provider = Provider::new();
        let refused = |header: Value| {
            let token = provider.sign(&header, &claims());
            provider.judge(&token, expected()).unwrap_err()
        };
        for alg in [
            "none", "None", "", "HS256", "HS512", "RS512", "PS256", "ES384", "RSA1_5",
        ] {
            let error = refused(json!({ "alg": alg, "kid": "k" }));
            assert_eq!(error, TokenError::Algorithm(alg.into()));
        }
        for alg in ["RS256", "ES256"] {
            let error = refused(json!({ "alg": alg, "kid": "k" }));
            assert_eq!(error, TokenError::UnknownKey, "the key is another kind's");
        }
        let other = refused(json!({ "alg": "EdDSA", "kid": "other" }));
        assert_eq!(other, TokenError::UnknownKey);
        // A key that the token brings along is not looked at.
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64([1; 32]) });
        let token = provider.sign(&json!({ "alg": "EdDSA", "kid": "k", "jwk": jwk }), &claims());
        provider.judge(&token, expected()).unwrap();
        let crit = refused(json!({ "alg": "EdDSA", "kid": "k", "crit": ["b64"], "b64": false }));
        assert!(matches!(crit, TokenError::Unreadable(_)));
    }

    #[test]
    fn a_signature_is_over_every_byte() {
        let provider = Provider::new();
        let good = provider.sign(&json!({ "alg": "EdDSA", "kid": "k" }), &claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let mut forged = claims();
        forged["sub"] = json!("2");
        let forged = [header, &b64(forged.to_string()), signature].join(".");
        assert_eq!(provider.judge(&forged, expected()), Err(TokenError::Signature));
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c.d",
            &format!("{good}."),
            &format!("{message}."),
            &format!("{good}="),
        ] {
            assert!(provider.judge(text, expected()).is_err(), "{text}");
        }
        assert_eq!(
            provider.judge(&format!("{message}."), expected()),
            Err(TokenError::Signature)
        );
    }

    #[test]
    fn each_claim_must_be_the_expected_one() {
        let provider = Provider::new();
        let refused = |name: &str, value: Value| provider.with(|claims| claims[name] = value).unwrap_err();
        for issuer in [
            json!("https://idp.example/"),
            json!("https://IDP.example"),
            json!(["https://idp.example"]),
        ] {
            assert_eq!(refused("iss", issuer), TokenError::Issuer);
        }
        for audience in [
            json!("them"),
            json!([]),
            json!(["us", "them"]),
            json!(null),
            json!("us "),
        ] {
            assert_eq!(refused("aud", audience), TokenError::Audience);
        }
        for party in [json!("them"), json!(7), json!(null)] {
            assert_eq!(refused("azp", party), TokenError::Audience);
        }
        let both = provider.with(|claims| {
            claims["aud"] = json!(["them", "us"]);
            claims["azp"] = json!("us");
        });
        both.unwrap();
        for nonce in [json!("n-2"), json!(""), json!(null), json!(["n-1"])] {
            assert_eq!(refused("nonce", nonce), TokenError::Nonce);
        }
        for subject in [json!(""), json!(1), json!("a\nb"), json!("x".repeat(256))] {
            assert!(matches!(refused("sub", subject), TokenError::Unreadable(_)));
        }
        for missing in ["iss", "aud", "sub", "nonce", "exp", "iat"] {
            let error = provider.with(|claims| {
                claims.as_object_mut().unwrap().remove(missing);
            });
            error.unwrap_err();
        }
    }

    #[test]
    fn times_count_with_a_minute_of_leeway() {
        let provider = Provider::new();
        let at = |name: &str, value: Value| provider.with(|claims| claims[name] = value).map(|_| ());
        assert_eq!(at("exp", json!(NOW - 59)), Ok(()));
        assert_eq!(at("exp", json!(NOW - 60)), Err(TokenError::Expired));
        assert_eq!(at("iat", json!(NOW + 60)), Ok(()));
        assert_eq!(at("iat", json!(NOW + 61)), Err(TokenError::Future));
        assert_eq!(at("nbf", json!(NOW + 61)), Err(TokenError::Future));
        assert_eq!(at("exp", json!(NOW as f64 + 0.5)), Ok(()));
        for nonsense in [
            json!("9999999999"),
            json!(1e300),
            json!(-1),
            json!(null),
            json!(true),
            json!([]),
        ] {
            for name in ["exp", "iat", "nbf", "auth_time"] {
                let error = at(name, nonsense.clone()).unwrap_err();
                assert!(
                    matches!(error, TokenError::Unreadable(_)),
                    "{name} {nonsense}: {error}"
                );
            }
        }
    }

    #[test]
    fn who_must_sign_in_anew_has_done_so() {
        let provider = Provider::new();
        let judge = |auth_time: Option<i64>| {
            let mut claims = claims();
            if let Some(at) = auth_time {
                claims["auth_time"] = json!(at);
            }
            let token = provider.sign(&json!({ "alg": "EdDSA", "kid": "k" }), &claims);
            let fresh = Expected {
                fresh: Some(NOW - 10),
                ..expected()
            };
            provider.judge(&token, fresh).map(|_| ())
        };
        assert_eq!(judge(Some(NOW)), Ok(()));
        assert_eq!(judge(Some(NOW - 70)), Ok(()));
        assert_eq!(judge(Some(NOW - 71)), Err(TokenError::Stale));
        assert_eq!(judge(None), Err(TokenError::Stale));
    }
}
