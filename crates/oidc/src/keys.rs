//! The keys that a provider signs with (RFC 7517), and checking signatures with them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::error::{Error, TokenError, plain};

/// Keys of a set; more are not looked at.
const MOST_KEYS: usize = 64;

/// How a token may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// ECDSA, P-256, SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    pub fn parse(name: &str) -> Option<Algorithm> {
        match name {
            "RS256" => Some(Algorithm::Rs256),
            "ES256" => Some(Algorithm::Es256),
            "EdDSA" | "Ed25519" => Some(Algorithm::EdDsa),
            _ => None,
        }
    }
}

/// What a key is made of. Its kind alone decides what it can check.
#[derive(Debug, Clone)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed, as SEC 1 writes it.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// One key.
#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// Whether the set says that it is for this algorithm, or says nothing.
    material: Material,
}

impl Key {
    fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        let checked = match &self.material {
            // Keys below 2048 bits are refused by the algorithm itself.
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
        };
        checked.map_err(|_| TokenError::Signature)
    }
}

/// A provider's keys, those of them that can check an ID token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    /// The key, if it is one that checks signatures in a way that is taken here.
    fn read(self) -> Option<Key> {
        let for_signing = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let bytes = |text: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let coordinate = |text: &Option<String>| bytes(text).filter(|bytes| bytes.len() == 32);
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: bytes(&self.n)?,
                e: bytes(&self.e)?,
            },
            ("EC", Some("P-256")) => {
                Material::P256([vec![4], coordinate(&self.x)?, coordinate(&self.y)?].concat())
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(coordinate(&self.x)?),
            _ => return None,
        };
        let key = Key {
            id: self.kid,
            material,
        };
        let named = self.alg.as_deref().map(Algorithm::parse);
        let fits = named.is_none_or(|named| named == Some(key.algorithm()));
        (for_signing && fits).then_some(key)
    }
}

impl Keys {
    /// Reads a set. Keys of other kinds are passed over: a provider may have them for others.
    ///
    /// # Errors
    /// [`Error::Metadata`] when it is no set.
    pub fn read(body: &[u8]) -> Result<Keys, Error> {
        let set: Set = serde_json::from_slice(body).map_err(|error| Error::Metadata {
            field: "jwks_uri",
            why: format!("leads to no set of keys: {}", plain(&error.to_string())),
        })?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        let read = |key| serde_json::from_value::<Jwk>(key).ok()?.read();
        Ok(Keys(keys.filter_map(read).collect()))
    }

    /// Checks a signature with the key of this id; without an id, with the only key that fits.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] or [`TokenError::Signature`].
    pub fn check(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let fitting = self.0.iter().filter(|key| key.algorithm() == algorithm);
        let mut fitting = fitting.filter(|key| id.is_none() || key.id.as_deref() == id);
        let key = fitting.next().ok_or(TokenError::UnknownKey)?;
        if fitting.next().is_some() {
            return Err(TokenError::UnknownKey);
        }
        key.check(message, signature)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn count(keys: serde_json::Value) -> usize {
        Keys::read(json!({ "keys": keys }).to_string().as_bytes())
            .unwrap()
            .0
            .len()
    }

    #[test]
    fn keys_that_cannot_check_a_signature_are_passed_over() {
        let x = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        assert_eq!(count(json!([ed])), 1);
        for (field, value) in [
            ("kty", json!("oct")),
            ("crv", json!("X25519")),
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("RS256")),
            ("alg", json!("HS256")),
            ("x", json!("AAAA")),
            ("x", json!("not base64!")),
            ("x", json!(7)),
        ] {
            let mut key = ed.clone();
            key[field] = value.clone();
            assert_eq!(count(json!([key])), 0, "{field} {value}");
        }
        let secret = json!({ "kty": "oct", "k": x, "alg": "HS256" });
        assert_eq!(count(json!([secret, 7, null, "x", {}])), 0);
        assert_eq!(
            count(json!([json!({ "kty": "EC", "crv": "P-256", "x": x, "y": x })])),
            1
        );
        assert_eq!(
            count(json!([json!({ "kty": "EC", "crv": "P-384", "x": x, "y": x })])),
            0
        );
        assert_eq!(count(serde_json::Value::Array(vec![ed; 1_000])), MOST_KEYS);
    }

    #[test]
    fn what_is_no_set_is_told() {
        for body in ["", "[]", "{}", "{\"keys\":{}}", "<html>"] {
            assert!(Keys::read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn without_an_id_there_must_be_one_key() {
        let x = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let key = |kid: &str| json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid });
        let set = json!({ "keys": [key("a"), key("b"), key("b")] });
        let keys = Keys::read(set.to_string().as_bytes()).unwrap();
        let check = |algorithm, id| keys.check(algorithm, id, b"", &[0; 64]).unwrap_err();
        assert_eq!(check(Algorithm::EdDsa, Some("a")), TokenError::Signature);
        for id in [None, Some("b"), Some("c"), Some("")] {
            assert_eq!(check(Algorithm::EdDsa, id), TokenError::UnknownKey, "{id:?}");
        }
        assert_eq!(check(Algorithm::Rs256, Some("a")), TokenError::UnknownKey);
    }
}
