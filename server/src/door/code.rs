//! The second form of signing in, for accounts that have a second factor. What it carries from the first opens nothing by
//! itself.

use app::door::{Door, Field};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::sent::Sent;
use super::{enter, go_to, hidden, next, refuse, show};
use crate::auth::{Entered, PeopleError};
use crate::edge::Via;
use crate::state::Shared;

/// The form.
#[derive(Deserialize)]
pub struct Code {
    half: String,
    code: String,
    #[serde(default)]
    next: String,
}

/// In, or to the second form.
pub(super) async fn entered(
    shared: &Shared,
    via: &Via,
    headers: &HeaderMap,
    entered: &Entered,
    next: &str,
) -> Response {
    match entered {
        Entered::Session(text) => enter(shared, via, text, next).await,
        Entered::Half(half) => show(shared, StatusCode::OK, headers, page(half, next)),
    }
}

/// `GET /login/code`: nobody is half in by an address.
pub async fn code_page(State(shared): State<Shared>) -> Response {
    go_to(&shared, "/login")
}

/// `POST /login/code`.
pub async fn code(State(shared): State<Shared>, sent: Sent<Code>) -> Response {
    let Sent {
        form,
        via,
        whence,
        headers,
    } = sent;
    let people = &shared.people;
    match people.enter_with_code(&form.half, &form.code, &whence).await {
        Ok(text) => enter(&shared, &via, &text, &next(&shared.base, &form.next)).await,
        Err(PeopleError::Gone) => show(&shared, StatusCode::GONE, &headers, over()),
        Err(error) => refuse(&shared, &headers, &error, page(&form.half, &form.next)),
    }
}

fn page(half: &str, next: &str) -> Door {
    let mut fields = vec![
        hidden("half", half),
        Field {
            name: "code",
            label: Some("Code"),
            kind: "text",
            autocomplete: "one-time-code",
            hint: Some("Six digits that your app shows now. Without the app: one of your recovery codes."),
            ..Field::default()
        },
    ];
    if !next.is_empty() {
        fields.push(hidden("next", next));
    }
    Door {
        title: "One more step",
        lead: "The password was right. Now the code of your authenticator app.".into(),
        action: Some("/login/code"),
        fields,
        button: "Sign in",
        foot: Some(
            "Neither app nor recovery codes? Whoever runs this server can remove the second factor on its host.",
        ),
        ..Door::default()
    }
}

fn over() -> Door {
    Door {
        title: "Sign in again",
        lead: "That took too long, or too many codes were wrong. Your password is asked for once more."
            .into(),
        action: Some("/login"),
        fields: super::sign_in_fields("", ""),
        button: "Sign in",
        ..Door::default()
    }
}
