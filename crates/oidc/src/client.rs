//! The client of one provider. It remembers what the provider says about itself, and its keys; both for an hour.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use outbound::{Answer, Outbound, Request, Rules};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::begin::{Begun, Flow, begin};
use crate::claims::Who;
use crate::error::{Error, TokenError, plain};
use crate::keys::Keys;
use crate::metadata::{ClientAuth, Metadata, address};
use crate::token::{Expected, Token};

/// For so long what the provider said is believed, milliseconds.
const BELIEVED: i64 = 3_600_000;
/// For so long after it could not be had it is not asked again, milliseconds.
const RESTED: i64 = 5_000;
/// A key that is not known makes us look again, once in this time, milliseconds.
const LOOKED: i64 = 60_000;
/// Bytes of a set of keys.
const MOST_KEYS: usize = 256 * 1024;

/// Who we are to the provider.
pub struct Settings {
    /// Its issuer, as its ID tokens write it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; a public client has none, and is proved by PKCE alone.
    pub client_secret: Option<SecretString>,
    /// What is asked for, separated by spaces; `openid` is among it.
    pub scopes: String,
}

/// See the module. What it is asked at is epoch milliseconds, `now`.
pub struct Client {
    settings: Settings,
    door: Outbound,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(i64, Metadata)>,
    keys: Option<(i64, Keys)>,
    /// Why the last try gave nothing, and when.
    failed: Option<(i64, Error)>,
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    #[serde(default)]
    access_token: String,
}

/// Its answer when it refuses.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Client {
    /// A client that goes out through this door. Nothing is asked yet.
    pub fn new(settings: Settings, door: Outbound) -> Client {
        Client {
            settings,
            door,
            known: Mutex::default(),
        }
    }

    /// The provider.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Begins a sign-in that comes back to `redirect_uri`. With `fresh` somebody must sign in anew at the
    /// provider.
    ///
    /// # Errors
    /// The provider cannot be reached, or says nothing usable about itself.
    pub async fn begin(&self, redirect_uri: &str, fresh: bool, now: i64) -> Result<Begun, Error> {
        let metadata = self.metadata(now).await?;
        let us = (self.settings.client_id.as_str(), self.settings.scopes.as_str());
        begin(&metadata, us, redirect_uri, fresh.then_some(now))
    }

    /// Whether an answer names the provider as it must (RFC 9207): it may leave its name out only when it never says it.
    ///
    /// # Errors
    /// As [`Client::begin`]; [`TokenError::Issuer`] when it is from somebody else.
    pub async fn check_issuer(&self, named: Option<&str>, now: i64) -> Result<(), Error> {
        let metadata = self.metadata(now).await?;
        match named {
            Some(issuer) if issuer == self.settings.issuer => Ok(()),
            None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
            _ => Err(TokenError::Issuer.into()),
        }
    }

    /// Exchanges a code and checks the ID token.
    ///
    /// # Errors
    /// See [`Error`]. The code is used up in any case.
    pub async fn finish(&self, flow: &Flow, code: &str, now: i64) -> Result<Who, Error> {
        let metadata = self.metadata(now).await?;
        let tokens = self.exchange(&metadata, flow, code).await?;
        let text = tokens
            .id_token
            .ok_or(TokenError::Unreadable("there is none in the answer"))?;
        let token = Token::read(&text)?;
        let keys = self.keys(&metadata, false, now).await?;
        match token.check_signature(&keys) {
            // The provider may have new ones.
            Err(TokenError::UnknownKey) => {
                token.check_signature(&self.keys(&metadata, true, now).await?)?;
            }
            checked => checked?,
        }
        let claims = token.claims(Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &flow.nonce,
            now: now / 1_000,
            fresh: flow.fresh.map(|fresh| fresh / 1_000),
        })?;
        let subject = claims.get("sub").and_then(|subject| subject.as_str());
        Ok(Who {
            issuer: self.settings.issuer.clone(),
            subject: subject.unwrap_or_default().to_owned(),
            claims,
            access_token: SecretString::from(tokens.access_token),
        })
    }

    /// Adds the claims of the provider's userinfo endpoint, if it has one.
    ///
    /// # Errors
    /// It cannot be reached, or speaks of somebody else.
    pub async fn ask_more(&self, who: &mut Who, now: i64) -> Result<(), Error> {
        const WHAT: &str = "userinfo";
        let metadata = self.metadata(now).await?;
        let Some(endpoint) = &metadata.userinfo_endpoint else {
            return Ok(());
        };
        let bearer = format!("Bearer {}", who.access_token.expose_secret());
        let request = Request::get(endpoint)
            .header("authorization", bearer)
            .header("accept", "application/json");
        let answer = self.send(WHAT, request, Rules::default()).await?;
        let answer = good(WHAT, answer)?;
        let claims: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&answer.body)
            .map_err(|_| Error::Unreachable {
                what: WHAT,
                why: "it is no JSON object".into(),
            })?;
        if claims.get("sub").and_then(|subject| subject.as_str()) != Some(&who.subject) {
            return Err(TokenError::OtherSubject.into());
        }
        who.add(claims);
        Ok(())
    }

    async fn exchange(&self, metadata: &Metadata, flow: &Flow, code: &str) -> Result<Tokens, Error> {
        const WHAT: &str = "token endpoint";
        let request = code_request(&self.settings, metadata, flow, code);
        let answer = self.send(WHAT, request, Rules::default()).await?;
        if answer.status.is_client_error()
            && let Ok(refusal) = serde_json::from_slice::<Refusal>(&answer.body)
        {
            return Err(Error::Refused {
                error: plain(&refusal.error),
                description: refusal.error_description.as_deref().map(plain),
            });
        }
        let answer = good(WHAT, answer)?;
        serde_json::from_slice(&answer.body).map_err(|_| Error::Unreachable {
            what: WHAT,
            why: "its answer is no JSON object with tokens".into(),
        })
    }

    /// What the provider says about itself, asked anew once an hour. One asks, the others wait for it.
    async fn metadata(&self, now: i64) -> Result<Metadata, Error> {
        let mut known = self.known.lock().await;
        if let Some((since, metadata)) = &known.metadata
            && is_within(*since, now, BELIEVED)
        {
            return Ok(metadata.clone());
        }
        if let Some((since, error)) = &known.failed
            && is_within(*since, now, RESTED)
        {
            return Err(error.clone());
        }
        match self.ask_metadata().await {
            Ok(metadata) => {
                known.failed = None;
                known.metadata = Some((now, metadata.clone()));
                Ok(metadata)
            }
            Err(error) => {
                known.failed = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    async fn ask_metadata(&self) -> Result<Metadata, Error> {
        let what = "metadata";
        let url = address(&self.settings.issuer);
        let request = Request::get(&url).header("accept", "application/json");
        let answer = self.send(what, request, Rules::default()).await?;
        Metadata::read(&good(what, answer)?.body, &self.settings.issuer)
    }

    /// The provider's keys. `anew` when a key that is not among them was named: then they are asked for again, unless that
    /// was done within the last minute.
    async fn keys(&self, metadata: &Metadata, anew: bool, now: i64) -> Result<Keys, Error> {
        let mut known = self.known.lock().await;
        let believed = if anew { LOOKED } else { BELIEVED };
        if let Some((since, keys)) = &known.keys
            && is_within(*since, now, believed)
        {
            return Ok(keys.clone());
        }
        let what = "set of keys";
        let rules = Rules {
            most_answer: MOST_KEYS,
            ..Rules::default()
        };
        let request = Request::get(&metadata.jwks_uri).header("accept", "application/json");
        let answer = self.send(what, request, rules).await?;
        let keys = Keys::read(&good(what, answer)?.body)?;
        known.keys = Some((now, keys.clone()));
        Ok(keys)
    }

    async fn send(&self, what: &'static str, request: Request, rules: Rules) -> Result<Answer, Error> {
        let sent = self.door.send(&request, &rules).await;
        sent.map_err(|error| Error::Unreachable {
            what,
            why: error.to_string(),
        })
    }
}

/// Whether so little time has passed. A clock that was put back makes everything old.
fn is_within(since: i64, now: i64, time: i64) -> bool {
    (0..time).contains(&(now - since))
}

/// An answer that is one.
fn good(what: &'static str, answer: Answer) -> Result<Answer, Error> {
    match answer.status.as_u16() {
        200 => Ok(answer),
        status @ 300..400 => Err(Error::Unreachable {
            what,
            why: format!("it leads elsewhere ({status}), and nobody follows"),
        }),
        status => Err(Error::Unreachable {
            what,
            why: format!("it answers {status}"),
        }),
    }
}

/// The request that exchanges a code, in which we say who we are.
fn code_request(settings: &Settings, metadata: &Metadata, flow: &Flow, code: &str) -> Request {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &flow.redirect_uri)
        .append_pair("code_verifier", &flow.verifier);
    let mut basic = None;
    match (&settings.client_secret, metadata.client_auth()) {
        (Some(secret), ClientAuth::Basic) => {
            // RFC 6749, 2.3.1: both are encoded before they are put together.
            let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let both = [part(&settings.client_id), part(secret.expose_secret())].join(":");
            basic = Some(format!("Basic {}", BASE64_STANDARD.encode(both)));
        }
        (Some(secret), ClientAuth::Post) => {
            form.append_pair("client_id", &settings.client_id)
                .append_pair("client_secret", secret.expose_secret());
        }
        (None, _) => {
            form.append_pair("client_id", &settings.client_id);
        }
    }
    let mut request = Request::post(&metadata.token_endpoint, form.finish())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json");
    if let Some(basic) = basic {
        request = request.header("authorization", basic);
    }
    request
}
