//! Signing in and out.

use app::door::Door;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::code::entered;
use super::provider::button;
use super::sent::{Safe, Sent};
use super::{go, go_to, next, only, refuse, show, sign_in_fields};
use crate::auth::{People, SetupState, Whence};
use crate::edge::Via;
use crate::state::Shared;

/// What the address of the form may say.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
}

/// The form.
#[derive(Deserialize)]
pub struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub async fn sign_in_page(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Query(asked): Query<Asked>,
    safe: Result<Safe, Response>,
    headers: HeaderMap,
) -> Response {
    if shared.people.setup_state().await != SetupState::Done {
        return go_to(&shared, "/setup");
    }
    if is_signed_in(&shared.people, &via, &headers).await {
        return go(&next(&shared.base, &asked.next));
    }
    if let Err(insecure) = safe {
        return insecure;
    }
    show(&shared, StatusCode::OK, &headers, page(&shared, "", &asked.next))
}

/// `POST /login`.
pub async fn sign_in(State(shared): State<Shared>, sent: Sent<SignIn>) -> Response {
    let Sent {
        form,
        via,
        whence,
        headers,
    } = sent;
    let old = via.cookie.read(&headers);
    let people = &shared.people;
    let signed_in = people.sign_in(&form.email, &form.password, &whence, old.as_ref());
    match signed_in.await {
        Ok(done) => {
            let next = next(&shared.base, &form.next);
            entered(&shared, &via, &headers, &done, &next).await
        }
        Err(error) => refuse(&shared, &headers, &error, page(&shared, &form.email, &form.next)),
    }
}

/// `GET /logout`: who is signed in, and the way out.
pub async fn sign_out_page(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    headers: HeaderMap,
) -> Response {
    let hash = via.cookie.read(&headers);
    let found = match &hash {
        Some(hash) => shared.people.lookup.find(hash).await.ok().flatten(),
        None => None,
    };
    let Some(found) = found else {
        return go_to(&shared, "/login");
    };
    let page = Door {
        title: "Sign out",
        lead: format!("You are {} ({}).", found.account.name, found.account.email),
        action: Some("/logout"),
        button: "Sign out",
        ..Door::default()
    };
    show(&shared, StatusCode::OK, &headers, page)
}

/// `POST /logout`: ends the session, if there is one.
pub async fn sign_out(
    State(shared): State<Shared>,
    Extension(via): Extension<Via>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
) -> Response {
    let people = &shared.people;
    if let Some(hash) = via.cookie.read(&headers) {
        match people.lookup.find(&hash).await {
            Ok(Some(found)) => {
                let tenant = crate::auth::home(&found.roles);
                let ended = people.sign_out(&found.account, &found.session.id, &tenant, &whence);
                if let Err(error) = ended.await {
                    return refuse(&shared, &headers, &error, page(&shared, "", ""));
                }
            }
            Ok(None) => {}
            Err(error) => return refuse(&shared, &headers, &error.into(), page(&shared, "", "")),
        }
    }
    let mut response = go_to(&shared, "/login");
    response.headers_mut().insert(SET_COOKIE, via.cookie.clear());
    response
}

/// Whether the browser has a session that counts. When the database cannot be asked, it has none: the form says more.
async fn is_signed_in(people: &People, via: &Via, headers: &HeaderMap) -> bool {
    match via.cookie.read(headers) {
        None => false,
        Some(hash) => people.lookup.find(&hash).await.is_ok_and(|found| found.is_some()),
    }
}

/// The form, and the way to the provider if there is one.
pub(super) fn page(shared: &Shared, email: &str, next: &str) -> Door {
    let page = Door {
        title: "Sign in",
        lead: "To the board of this team.".into(),
        action: Some("/login"),
        fields: sign_in_fields(email, next),
        button: "Sign in",
        foot: Some(
            "Forgotten the password? Whoever runs this server makes a link: fuseboard admin reset-password",
        ),
        other: button(shared, &[("next", next)]),
        ..Door::default()
    };
    only(shared, page)
}
