//! What a provider says about itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::Url;

use crate::error::{Error, plain};

/// The part of it that is used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207: its answers name it.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// How we say who we are when a code is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientAuth {
    /// In a header.
    Basic,
    /// In the body.
    Post,
}

/// Where a provider says it all.
pub(crate) fn address(issuer: &str) -> String {
    [issuer.trim_end_matches('/'), "/.well-known/openid-configuration"].concat()
}

impl Metadata {
    /// Reads it, and checks what must hold before anybody is sent there.
    ///
    /// # Errors
    /// [`Error::Metadata`] that names the field.
    pub fn read(body: &[u8], issuer: &str) -> Result<Metadata, Error> {
        let wrong = |field, why: &str| Error::Metadata {
            field,
            why: why.to_owned(),
        };
        let metadata: Metadata =
            serde_json::from_slice(body).map_err(|error| wrong("document", &plain(&error.to_string())))?;
        // To the letter, or one provider could speak for another (mix-up).
        if metadata.issuer != issuer {
            let why = format!(
                "is {:?}, and not {issuer:?} as oidc.issuer says",
                plain(&metadata.issuer)
            );
            return Err(wrong("issuer", &why));
        }
        let https = issuer.starts_with("https://");
        let of_browsers = Url::parse(&metadata.authorization_endpoint)
            .map_err(|_| wrong("authorization_endpoint", "is no URL"))?;
        let schemes: &[&str] = if https { &["https"] } else { &["https", "http"] };
        if !schemes.contains(&of_browsers.scheme()) || of_browsers.host().is_none() {
            return Err(wrong("authorization_endpoint", "does not begin with https://"));
        }
        if of_browsers.fragment().is_some() {
            return Err(wrong("authorization_endpoint", "has a fragment"));
        }
        if let Some(methods) = &metadata.code_challenge_methods_supported
            && !methods.iter().any(|method| method == "S256")
        {
            return Err(wrong(
                "code_challenge_methods_supported",
                "does not have S256, which is asked for here",
            ));
        }
        Ok(metadata)
    }

    /// How the secret is shown: in the header unless only the body is taken.
    pub fn client_auth(&self) -> ClientAuth {
        let takes = |name: &str| {
            self.token_endpoint_auth_methods_supported
                .iter()
                .any(|method| method == name)
        };
        match takes("client_secret_post") && !takes("client_secret_basic") {
            true => ClientAuth::Post,
            false => ClientAuth::Basic,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://idp.example/realms/a";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://idp.example/auth?x=y",
            "token_endpoint": "https://idp.example/token",
            "jwks_uri": "https://idp.example/keys",
        })
    }

    fn read(field: &str, value: Value) -> Result<Metadata, Error> {
        let mut document = document();
        document[field] = value;
        Metadata::read(document.to_string().as_bytes(), ISSUER)
    }

    fn field(result: Result<Metadata, Error>) -> &'static str {
        match result {
            Err(Error::Metadata { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_issuer_is_the_configured_one_to_the_letter() {
        read("issuer", json!(ISSUER)).unwrap();
        for other in [
            "https://idp.example/realms/a/",
            "https://idp.example/realms/A",
            "https://idp.example:443/realms/a",
            "http://idp.example/realms/a",
            "",
        ] {
            assert_eq!(field(read("issuer", json!(other))), "issuer", "{other}");
        }
    }

    #[test]
    fn browsers_are_sent_to_https_only() {
        for bad in [
            "http://idp.example/auth",
            "javascript:alert(1)",
            "data:text/html,x",
            "/auth",
            "https://idp.example/auth#x",
        ] {
            let read = read("authorization_endpoint", json!(bad));
            assert_eq!(field(read), "authorization_endpoint", "{bad}");
        }
        let inside = document().to_string().replace("https://", "http://");
        Metadata::read(inside.as_bytes(), "http://idp.example/realms/a").unwrap();
    }

    #[test]
    fn what_is_missing_is_told() {
        for missing in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let mut document = document();
            document.as_object_mut().unwrap().remove(missing);
            let error = Metadata::read(document.to_string().as_bytes(), ISSUER).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
        assert_eq!(field(Metadata::read(b"<html>", ISSUER)), "document");
        let plain = read("code_challenge_methods_supported", json!(["plain"]));
        assert_eq!(field(plain), "code_challenge_methods_supported");
    }

    #[test]
    fn the_secret_goes_into_the_header_when_it_may() {
        for (methods, auth) in [
            (json!([]), ClientAuth::Basic),
            (json!(["client_secret_post"]), ClientAuth::Post),
            (
                json!(["client_secret_post", "client_secret_basic"]),
                ClientAuth::Basic,
            ),
            (json!(["private_key_jwt"]), ClientAuth::Basic),
        ] {
            let metadata = read("token_endpoint_auth_methods_supported", methods).unwrap();
            assert_eq!(metadata.client_auth(), auth);
        }
    }

    #[test]
    fn the_address_has_one_slash() {
        for issuer in ["https://idp.example", "https://idp.example/"] {
            assert_eq!(
                address(issuer),
                "https://idp.example/.well-known/openid-configuration"
            );
        }
    }
}
