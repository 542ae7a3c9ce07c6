//! Setting a new installation up: its first account, with the token from the terminal.

use app::door::Door;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::sent::{Safe, Sent};
use super::{email_field, enter, go_to, hidden, name_field, new_password_field, refuse, show, token_field};
use crate::auth::{Chosen, PeopleError, SetupState};
use crate::state::Shared;

/// The form.
#[derive(Deserialize)]
pub struct SetUp {
    token: String,
    email: String,
    #[serde(default)]
    name: String,
    password: String,
}

/// `GET /setup`.
pub async fn set_up_page(
    State(shared): State<Shared>,
    safe: Result<Safe, Response>,
    headers: HeaderMap,
) -> Response {
    if let Some(closed) = closed(&shared, &headers).await {
        return closed;
    }
    if let Err(insecure) = safe {
        return insecure;
    }
    show(&shared, StatusCode::OK, &headers, page(None, "", ""))
}

/// `POST /setup`.
pub async fn set_up(
    State(shared): State<Shared>,
    headers: HeaderMap,
    sent: Result<Sent<SetUp>, Response>,
) -> Response {
    if let Some(closed) = closed(&shared, &headers).await {
        return closed;
    }
    let Sent {
        form, via, whence, ..
    } = match sent {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let chosen = Chosen {
        email: &form.email,
        name: &form.name,
        password: &form.password,
    };
    match shared.people.set_up(&form.token, chosen, &whence).await {
        Ok(text) => enter(&shared, &via, &text, &shared.base.to("/connect")).await,
        Err(PeopleError::Gone) => {
            let wrong = PeopleError::Field {
                field: "token",
                why: "This is not the token that the server told at its last start.".into(),
            };
            refuse(&shared, &headers, &wrong, page(None, &form.email, &form.name))
        }
        Err(error) => refuse(
            &shared,
            &headers,
            &error,
            page(Some(&form.token), &form.email, &form.name),
        ),
    }
}

/// The answer once there is an owner, or the token's time is over.
async fn closed(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    match shared.people.setup_state().await {
        SetupState::Open => None,
        SetupState::Done => Some(go_to(shared, "/login")),
        SetupState::Over => {
            let page = Door {
                title: "This took more than half an hour",
                lead: "The token that the server told at its start counts no more. Restart it for another."
                    .into(),
                ..Door::default()
            };
            Some(show(shared, StatusCode::GONE, headers, page))
        }
    }
}

/// The form; a token that is not known to be wrong stays out of sight.
fn page(token: Option<&str>, email: &str, name: &str) -> Door {
    let token = match token {
        Some(token) => hidden("token", token),
        None => token_field(
            "Setup token",
            "",
            "The server told it at its start, and wrote it to setup-token in its data folder.",
        ),
    };
    Door {
        title: "Set up Fuseboard",
        lead: "The first account owns this installation. It is stored here and nowhere else.".into(),
        action: Some("/setup"),
        fields: vec![
            token,
            email_field(email),
            name_field(name),
            new_password_field("Password"),
        ],
        button: "Create the owner",
        takes_token: true,
        ..Door::default()
    }
}
