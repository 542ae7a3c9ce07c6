//! A provider of our own on loopback that does what an honest one never does. What it lies about is set before each
//! sign-in; without a lie it is an honest one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Our name there, and our secret.
pub const CLIENT: &str = "fuseboard";
pub const SECRET: &str = "s3cret & more";

/// How an ID token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Rsa,
    P256,
    Ed25519,
    /// `alg: none`, and nothing behind the last dot.
    Not,
    /// HS256, with the public key as the secret: as the bytes of the modulus, as DER, as PEM.
    WithPublicModulus,
    WithPublicDer,
    WithPublicPem,
    /// RSA, with a key that nobody publishes, under the id of one that is.
    Forged,
    /// RSA, under an id that nobody knows.
    UnknownKey,
    /// RSA, with the header of another kind of key.
    Mislabelled,
}

/// What it says that is not so.
#[derive(Clone)]
pub struct Lies {
    pub signed: Signed,
    /// Put over the claims of the ID token; null takes one away.
    pub claims: Value,
    /// Put over the metadata.
    pub metadata: Value,
    /// Claims of the userinfo endpoint, if it has any.
    pub userinfo: Option<Value>,
    /// Where the metadata lead to instead.
    pub redirect: Option<String>,
    /// Bytes that stand before the set of keys.
    pub padding: usize,
    /// Codes are taken more than once.
    pub codes_again: bool,
}

impl Default for Lies {
    fn default() -> Lies {
        Lies {
            signed: Signed::Rsa,
            claims: json!({}),
            metadata: json!({}),
            userinfo: None,
            redirect: None,
            padding: 0,
            codes_again: false,
        }
    }
}

/// What a code stands for.
#[derive(Clone)]
struct Grant {
    claims: Value,
    challenge: String,
    redirect_uri: String,
}

pub struct Provider {
    pub issuer: String,
    lies: Mutex<Lies>,
    grants: Mutex<HashMap<String, Grant>>,
    counts: Mutex<HashMap<&'static str, u32>>,
    keys: Keys,
}

struct Keys {
    rsa: RsaKeyPair,
    other: RsaKeyPair,
    p256: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

/// Made once: RSA keys take a while.
fn rsa(which: usize) -> RsaKeyPair {
    static DER: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let der = DER.get_or_init(|| {
        [0, 1].map(|_| {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().unwrap();
            der.as_ref().to_vec()
        })
    });
    RsaKeyPair::from_pkcs8(&der[which]).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The modulus of a public key of 2048 bits: what stands between the two headers of its DER.
fn modulus(key: &RsaKeyPair) -> Vec<u8> {
    let der = key.public_key().as_ref();
    assert_eq!(der.len(), 270, "2048 bits, exponent 65537");
    der[9..265].to_vec()
}

/// Puts members over members; null takes one away.
fn over(base: &mut Value, change: &Value) {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
}

impl Provider {
    /// Starts it on a free port of this machine.
    pub async fn start() -> Arc<Provider> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let rng = SystemRandom::new();
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let provider = Arc::new(Provider {
            issuer,
            lies: Mutex::default(),
            grants: Mutex::default(),
            counts: Mutex::default(),
            keys: Keys {
                rsa: rsa(0),
                other: rsa(1),
                p256: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p256.as_ref()).unwrap(),
                ed25519: Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
            },
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(userinfo))
            .with_state(Arc::clone(&provider));
        engine::Supervisor::new().spawn("provider", async move {
            axum::serve(listener, router).await.unwrap();
        });
        provider
    }

    /// What it says from now on.
    pub fn lie(&self, lies: Lies) {
        *self.lies.lock() = lies;
    }

    /// How often an address was asked.
    pub fn asked(&self, what: &'static str) -> u32 {
        self.counts.lock().get(what).copied().unwrap_or_default()
    }

    fn count(&self, what: &'static str) -> Lies {
        *self.counts.lock().entry(what).or_default() += 1;
        self.lies.lock().clone()
    }

    /// Somebody has signed in there: the code that their browser comes back with. `asked` is the address that it came by.
    pub fn grant(&self, asked: &HashMap<String, String>, subject: &str, claims: &Value, now: i64) -> String {
        let mut all = json!({
            "iss": self.issuer, "sub": subject, "aud": CLIENT, "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        });
        over(&mut all, claims);
        over(&mut all, &self.lies.lock().claims);
        let grant = Grant {
            claims: all,
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
        };
        let mut grants = self.grants.lock();
        let code = format!("code-{}", grants.len());
        grants.insert(code.clone(), grant);
        code
    }

    fn id_token(&self, claims: &Value, signed: Signed) -> String {
        let keys = &self.keys;
        let (alg, kid) = match signed {
            Signed::Rsa | Signed::Forged => ("RS256", "rsa"),
            Signed::UnknownKey => ("RS256", "unknown"),
            Signed::Mislabelled => ("ES256", "rsa"),
            Signed::P256 => ("ES256", "p256"),
            Signed::Ed25519 => ("EdDSA", "ed25519"),
            Signed::Not => ("none", "rsa"),
            Signed::WithPublicModulus | Signed::WithPublicDer | Signed::WithPublicPem => ("HS256", "rsa"),
        };
        let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" });
        let message = [b64(header.to_string()), b64(claims.to_string())].join(".");
        let with_rsa = |key: &RsaKeyPair| {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
            signature
        };
        let with_secret = |secret: &[u8]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.update(message.as_bytes());
            mac.finalize().into_bytes().to_vec()
        };
        let public = keys.rsa.public_key();
        let signature = match signed {
            Signed::Rsa | Signed::UnknownKey | Signed::Mislabelled => with_rsa(&keys.rsa),
            Signed::Forged => with_rsa(&keys.other),
            Signed::P256 => {
                let signature = keys.p256.sign(&SystemRandom::new(), message.as_bytes());
                signature.unwrap().as_ref().to_vec()
            }
            Signed::Ed25519 => keys.ed25519.sign(message.as_bytes()).as_ref().to_vec(),
            Signed::Not => Vec::new(),
            Signed::WithPublicModulus => with_secret(&modulus(&keys.rsa)),
            Signed::WithPublicDer => with_secret(public.as_ref()),
            Signed::WithPublicPem => {
                let text = BASE64_STANDARD.encode(public.as_ref());
                let pem = format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n");
                with_secret(pem.as_bytes())
            }
        };
        [message.as_str(), &b64(signature)].join(".")
    }
}

type Shared = State<Arc<Provider>>;

async fn metadata(State(provider): Shared) -> Response {
    let lies = provider.count("metadata");
    if let Some(to) = lies.redirect {
        return Redirect::temporary(&to).into_response();
    }
    let issuer = &provider.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    });
    if lies.userinfo.is_some() {
        document["userinfo_endpoint"] = json!(format!("{issuer}/me"));
    }
    over(&mut document, &lies.metadata);
    Json(document).into_response()
}

async fn keys(State(provider): Shared) -> Response {
    let lies = provider.count("keys");
    let own = &provider.keys;
    let point = own.p256.public_key().as_ref();
    let (x, y) = (b64(&point[1..33]), b64(&point[33..]));
    let set = json!({ "keys": [
        { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": b64(modulus(&own.rsa)), "e": "AQAB" },
        { "kty": "EC", "kid": "p256", "use": "sig", "crv": "P-256", "x": x, "y": y },
        { "kty": "OKP", "kid": "ed25519", "crv": "Ed25519", "x": b64(own.ed25519.public_key()) },
        { "kty": "oct", "kid": "oct", "k": b64([7; 32]) },
    ]});
    format!("{}{set}", " ".repeat(lies.padding)).into_response()
}

async fn token(
    State(provider): Shared,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let lies = provider.count("token");
    let refuse = |error: &str| {
        let body = json!({ "error": error, "error_description": "no <b>such</b> thing" });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    // As RFC 6749 has it: each part is encoded as in a form.
    let both = format!("{CLIENT}:s3cret+%26+more");
    let basic = format!("Basic {}", BASE64_STANDARD.encode(both));
    if headers
        .get("authorization")
        .is_none_or(|sent| sent != basic.as_str())
    {
        return refuse("invalid_client");
    }
    let mut grants = provider.grants.lock();
    let Some(grant) = form.get("code").and_then(|code| grants.get(code)).cloned() else {
        return refuse("invalid_grant");
    };
    if !lies.codes_again {
        grants.remove(&form["code"]);
        // So that no later code has the same name.
        let name = format!("used-{}", grants.len());
        grants.insert(name, grant.clone());
    }
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    let proved = b64(Sha256::digest(verifier)) == grant.challenge;
    let same = form.get("redirect_uri") == Some(&grant.redirect_uri);
    if !proved || !same || form["grant_type"] != "authorization_code" {
        return refuse("invalid_grant");
    }
    let id_token = provider.id_token(&grant.claims, lies.signed);
    Json(json!({ "access_token": "opens-userinfo", "token_type": "Bearer", "id_token": id_token }))
        .into_response()
}

async fn userinfo(State(provider): Shared, headers: HeaderMap) -> Response {
    let lies = provider.count("userinfo");
    let opened = headers
        .get("authorization")
        .is_some_and(|sent| sent == "Bearer opens-userinfo");
    match lies.userinfo.filter(|_| opened) {
        Some(claims) => Json(claims).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
