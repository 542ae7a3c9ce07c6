//! To the provider and back (ADR 0027).
//!
//! The form that begins is a POST of our own pages, so that no other page can begin a sign-in here. It is answered with a
//! page that leads on by itself, not with a redirect: a browser holds every redirect that follows a form to the page's
//! `form-action`, and a provider may lead through addresses that nobody here knows.

use app::door::{Door, Onward, Other};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::sent::{Safe, Sent};
use super::{enter, go, go_to, hidden, next, refuse, show};
use crate::auth::{Arrived, CameBack, PeopleError, Provider, Purpose, SetupState, Whence, provider_cookie};
use crate::edge::Via;
use crate::state::Shared;

/// Where the provider sends browsers back to.
const BACK: &str = "/login/oidc/callback";

/// The form that begins.
#[derive(Deserialize)]
pub struct Begin {
    #[serde(default)]
    next: String,
    #[serde(default)]
    invitation: String,
}

/// What the address says that somebody comes back with.
#[derive(Default, Deserialize)]
pub struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The button that leads to the provider, if there is one.
pub(super) fn button(shared: &Shared, fields: &[(&'static str, &str)]) -> Option<Other> {
    let provider = shared.people.provider()?;
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    Some(Other {
        action: "/login/oidc",
        fields: fields.map(|(name, value)| hidden(name, value)).collect(),
        button: words(provider),
    })
}

/// What the button says.
fn words(provider: &Provider) -> String {
    format!("Continue with {}", provider.name())
}

/// `GET /login/oidc`: nobody begins by an address.
pub async fn provider_page(State(shared): State<Shared>) -> Response {
    go_to(&shared, "/login")
}

/// `POST /login/oidc`.
pub async fn to_provider(State(shared): State<Shared>, sent: Sent<Begin>) -> Response {
    let Sent {
        form,
        via,
        whence,
        headers,
    } = sent;
    if shared.people.setup_state().await != SetupState::Done {
        return go_to(&shared, "/setup");
    }
    if shared.people.provider().is_none() {
        return go_to(&shared, "/login");
    }
    let purpose = match form.invitation.is_empty() {
        true => Purpose::SignIn(next(&shared.base, &form.next)),
        false => Purpose::Join(form.invitation),
    };
    match lead(&shared, &via, &whence, &headers, purpose.clone()).await {
        Ok(response) => response,
        Err(error) => failed(&shared, &headers, &error, Some(&purpose)),
    }
}

/// The page that leads to the provider, with the cookie of the browser that begins.
///
/// # Errors
/// See [`PeopleError`]: the provider cannot be asked, or there is none.
pub(crate) async fn lead(
    shared: &Shared,
    via: &Via,
    whence: &Whence,
    headers: &HeaderMap,
    purpose: Purpose,
) -> Result<Response, PeopleError> {
    // Who begins in several tabs comes back to each of them.
    let browser = match provider_cookie::read(via.cookie, headers) {
        Some(browser) => browser.to_owned(),
        None => provider_cookie::fresh()?,
    };
    let back = [&via.origin, shared.base.to(BACK).as_str()].concat();
    let to = shared
        .people
        .go_to_provider(purpose, &browser, &back, whence)
        .await?;
    let name = shared.people.provider().map_or("", Provider::name);
    let page = Door {
        title: "One moment",
        lead: format!("You are being taken to {name}."),
        onward: Some(Onward {
            words: format!("Go on to {name}"),
            to,
            at_once: true,
        }),
        ..Door::default()
    };
    let mut response = show(shared, StatusCode::OK, headers, page);
    let headers = response.headers_mut();
    headers.insert(SET_COOKIE, provider_cookie::set(via.cookie, &browser));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /login/oidc/callback`.
pub async fn from_provider(
    State(shared): State<Shared>,
    Safe { via, headers }: Safe,
    Extension(whence): Extension<Whence>,
    back: Result<Query<Back>, QueryRejection>,
) -> Response {
    let people = &shared.people;
    if people.provider().is_none() {
        return go_to(&shared, "/login");
    }
    // What is no answer of a provider has no state that counts.
    let back = back.map_or_else(|_| Back::default(), |Query(back)| back);
    let hash = via.cookie.read(&headers);
    let current = match &hash {
        Some(hash) => match people.lookup.find(hash).await {
            Ok(found) => found.map(|found| (found, hash)),
            Err(error) => return failed(&shared, &headers, &error.into(), None),
        },
        None => None,
    };
    let current = current.as_ref().map(|(found, hash)| (found.as_ref(), *hash));
    let came = CameBack {
        state: &back.state,
        code: back.code.as_deref(),
        issuer: back.iss.as_deref(),
        error: back.error.as_deref(),
        description: back.error_description.as_deref(),
    };
    let browser = provider_cookie::read(via.cookie, &headers);
    let mut response = match people.arrive(came, browser, current, &whence).await {
        Ok(Arrived::In(text, to)) => enter(&shared, &via, &text, &next(&shared.base, &to)).await,
        Ok(Arrived::Joined(text, tenant)) => {
            let home = shared.base.of(&tenant) + "/";
            enter(&shared, &via, &text, &home).await
        }
        Ok(Arrived::Linked(back)) => go(&[&back, "?done=link"].concat()),
        Ok(Arrived::Confirmed(text, back)) => {
            enter(&shared, &via, &text, &[&back, "?done=confirm"].concat()).await
        }
        Err((error, purpose)) => return failed(&shared, &headers, &error, purpose.as_ref()),
    };
    response
        .headers_mut()
        .append(SET_COOKIE, provider_cookie::clear(via.cookie));
    response
}

/// What went wrong, where somebody can begin again.
fn failed(shared: &Shared, headers: &HeaderMap, error: &PeopleError, purpose: Option<&Purpose>) -> Response {
    let back = |words: &str, to: String| Door {
        title: "That did not work",
        onward: Some(Onward {
            words: words.to_owned(),
            to,
            at_once: false,
        }),
        ..Door::default()
    };
    let page = match purpose {
        None => super::enter::page(shared, "", ""),
        Some(Purpose::SignIn(next)) => super::enter::page(shared, "", next),
        Some(Purpose::Join(token)) => {
            let to = shared.base.to("/invite#t=") + token;
            back("Back to the invitation", to)
        }
        Some(Purpose::Link(signed) | Purpose::Confirm(signed)) => {
            back("Back to the settings", signed.back.clone())
        }
    };
    refuse(shared, headers, error, page)
}
