//! Where people come in: the forms for signing in, setting up, taking up an invitation, choosing a new password, and
//! signing out. Plain HTML over plain POSTs, which the edge lets in from our own pages only.
//!
//! An answer never tells whether an address has an account: a wrong address and a wrong password look and take the same.

mod ack;
mod code;
mod enter;
mod first;
mod link;
mod provider;
mod sent;

use app::door::{Door, Field, door};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use url::form_urlencoded::byte_serialize;

use crate::auth::{PeopleError, SetupState, devices};
use crate::base::Base;
use crate::edge::Via;
use crate::http::Problem;
use crate::pages::{self, go, plain};
use crate::state::Shared;

pub use ack::{ack, ack_page};
pub use code::{code, code_page};
pub use enter::{sign_in, sign_in_page, sign_out, sign_out_page};
pub use first::{set_up, set_up_page};
pub use link::{accept, accept_page, reset, reset_page};
pub(crate) use provider::lead;
pub use provider::{from_provider, provider_page, to_provider};

/// Leads somebody who is not signed in to where they can be: to the setup while there is no account.
pub async fn go_in(shared: &Shared, asked: &Uri) -> Response {
    if shared.people.setup_state().await != SetupState::Done {
        return go_to(shared, "/setup");
    }
    let asked = asked.path_and_query().map_or("/", |asked| asked.as_str());
    if asked == "/" {
        return go_to(shared, "/login");
    }
    let next: String = byte_serialize(shared.base.to(asked).as_bytes()).collect();
    go_to(shared, &format!("/login?next={next}"))
}

/// To a page of ours that no tenant has.
fn go_to(shared: &Shared, path: &str) -> Response {
    go(&shared.base.to(path))
}

/// Signed in: the cookie, one that lets the browser be known the next time, and on to where they were going.
async fn enter(shared: &Shared, via: &Via, text: &str, next: &str) -> Response {
    let mut response = go(next);
    let cookie = via.cookie.set(text, shared.people.lookup.lifetime());
    response.headers_mut().insert(SET_COOKIE, cookie);
    if let Some(device) = shared.people.device_of(text).await {
        let cookie = devices::set(via.cookie, &device);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Where to go after signing in: only addresses of our own pages, as browsers see them. Anything else is the board.
fn next(base: &Base, asked: &str) -> String {
    let below = asked.strip_prefix(base.as_str()).unwrap_or_default();
    let ours = below.starts_with('/')
        && !asked.starts_with("//")
        && asked.len() <= 2_048
        && asked
            .bytes()
            .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
        && !leads_up(below);
    if ours { asked.to_owned() } else { base.to("/") }
}

/// Whether a browser takes parts of the path away: what it then asks for may be somebody else's on this host.
fn leads_up(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/')
        .any(|part| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
}

/// The page.
fn show(shared: &Shared, status: StatusCode, headers: &HeaderMap, page: Door) -> Response {
    let html = door(Door {
        root: shared.base.as_str().to_owned(),
        theme: pages::theme(headers),
        demo: shared.demo,
        ..page
    });
    plain(status, html)
}

/// The form again, with what was wrong. What a password field held is not sent back.
fn refuse(shared: &Shared, headers: &HeaderMap, error: &PeopleError, mut page: Door) -> Response {
    let status = match error {
        PeopleError::Field { field, why } => {
            let place = page.fields.iter_mut().find(|shown| shown.name == *field);
            match place {
                Some(shown) => shown.wrong = Some(why.clone()),
                None => page.refused = Some(why.clone()),
            }
            StatusCode::UNPROCESSABLE_ENTITY
        }
        other => {
            if let PeopleError::Only(_) = other {
                // No form that is for a password is shown again.
                page.other = page.other.or_else(|| provider::button(shared, &[]));
                page = only(shared, page);
            }
            page.refused = Some(other.to_string());
            match other {
                PeopleError::Wait(_) | PeopleError::Busy => StatusCode::TOO_MANY_REQUESTS,
                PeopleError::Gone => StatusCode::GONE,
                PeopleError::Only(_) | PeopleError::Refused(_) => StatusCode::FORBIDDEN,
                PeopleError::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
                PeopleError::Unavailable(detail) => {
                    tracing::error!(detail, "somebody could not be let in");
                    StatusCode::SERVICE_UNAVAILABLE
                }
                PeopleError::Wrong | PeopleError::WrongCode | PeopleError::Field { .. } => {
                    StatusCode::UNPROCESSABLE_ENTITY
                }
            }
        }
    };
    for field in &mut page.fields {
        if field.kind == "password" {
            field.value.clear();
        }
    }
    let mut response = show(shared, status, headers, page);
    let seconds = match error {
        PeopleError::Wait(wait) => Some(wait.as_secs().max(1)),
        PeopleError::Busy | PeopleError::Unavailable(_) => Some(1),
        PeopleError::Away(_) => Some(5),
        _ => None,
    };
    if let Some(seconds) = seconds {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A page that somebody may not see, or a request that is not from our own page.
pub fn not_for_you(shared: &Shared, headers: &HeaderMap, problem: &Problem) -> Response {
    let page = Door {
        title: "Not for you",
        lead: problem.words().to_owned(),
        ..Door::default()
    };
    show(shared, problem.status(), headers, page)
}

/// In place of a form for a password, where only the provider lets people in.
fn only(shared: &Shared, page: Door) -> Door {
    match shared.people.provider() {
        Some(provider) if provider.only() => Door {
            action: None,
            fields: Vec::new(),
            takes_token: false,
            foot: None,
            ..page
        },
        _ => page,
    }
}

/// Of the first form.
fn sign_in_fields(email: &str, next: &str) -> Vec<Field> {
    let mut fields = vec![
        email_field(email),
        Field {
            name: "password",
            label: Some("Password"),
            kind: "password",
            autocomplete: "current-password",
            ..Field::default()
        },
    ];
    if !next.is_empty() {
        fields.push(hidden("next", next));
    }
    fields
}

fn email_field(value: &str) -> Field {
    Field {
        name: "email",
        label: Some("Email"),
        kind: "email",
        value: value.into(),
        autocomplete: "username",
        ..Field::default()
    }
}

fn new_password_field(label: &'static str) -> Field {
    Field {
        name: "password",
        label: Some(label),
        kind: "password",
        autocomplete: "new-password",
        hint: Some("At least 12 characters. A few unrelated words make a good one."),
        ..Field::default()
    }
}

fn name_field(value: &str) -> Field {
    Field {
        name: "name",
        label: Some("Your name"),
        kind: "text",
        value: value.into(),
        autocomplete: "name",
        hint: Some("What others see. Left empty, it is taken from the address."),
        optional: true,
        ..Field::default()
    }
}

fn token_field(label: &'static str, value: &str, hint: &'static str) -> Field {
    Field {
        name: "token",
        label: Some(label),
        kind: "text",
        value: value.into(),
        autocomplete: "off",
        hint: Some(hint),
        ..Field::default()
    }
}

fn hidden(name: &'static str, value: &str) -> Field {
    Field {
        name,
        value: value.into(),
        ..Field::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_come_next() {
        for ours in ["/", "/providers?from=now-1h&to=now", "/t/acme/breakers", "/login"] {
            assert_eq!(next(&Base::default(), ours), ours);
        }
        let base = Base::parse("/fuse").unwrap();
        for ours in ["/fuse/", "/fuse/t/acme/?at=../..", "/fuse/login", "/fuse/a..b/.c"] {
            assert_eq!(next(&base, ours), ours);
        }
        for foreign in [
            "/",
            "/fuse",
            "/fused/",
            "/login",
            "/fuse/../x",
            "/fuse/a/%2E./../x",
            "/fuse/.",
            "//fuse/",
            "",
        ] {
            assert_eq!(next(&base, foreign), "/fuse/", "{foreign}");
        }
        let long = format!("/{}", "x".repeat(2_048));
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/a b",
            "/a\r\nset-cookie: x=y",
            "/\u{e9}",
            &long,
        ] {
            assert_eq!(next(&Base::default(), foreign), "/", "{foreign:?}");
        }
    }
}
