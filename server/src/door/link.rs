//! Links that are used once: an invitation, a new password. Their token stands behind the `#` of the address.

use app::door::{Door, Field};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use store::{Link, LinkKind};

use super::code::entered;
use super::provider::button as button_of;
use super::sent::{Safe, Sent};
use super::{email_field, hidden, name_field, new_password_field, only, refuse, show, token_field};
use crate::auth::{PeopleError, Provider};
use crate::state::Shared;

const LINK: &str = "What stands behind #t= in the link.";

/// The form of an invitation: the token alone, then with what the new member chose.
#[derive(Deserialize)]
pub struct Accept {
    token: String,
    #[serde(default)]
    name: String,
    password: Option<String>,
}

/// The form for a new password.
#[derive(Deserialize)]
pub struct Reset {
    token: String,
    password: String,
}

/// `GET /invite`: asks for the token, which the script finds in the address.
pub async fn accept_page(State(shared): State<Shared>, Safe { headers, .. }: Safe) -> Response {
    show(&shared, StatusCode::OK, &headers, ask(""))
}

/// `POST /invite`: first shows whom the invitation is for, then takes it up.
pub async fn accept(State(shared): State<Shared>, sent: Sent<Accept>) -> Response {
    let Sent {
        form,
        via,
        whence,
        headers,
    } = sent;
    let people = &shared.people;
    let (link, email, is_known) = match people.invitation(&form.token).await {
        Ok(found) => found,
        Err(error) => return refuse(&shared, &headers, &error, ask("")),
    };
    let page = || join(&shared, &form, &link, &email, is_known);
    let Some(password) = &form.password else {
        return show(&shared, StatusCode::OK, &headers, page());
    };
    match people.accept(&form.token, &form.name, password, &whence).await {
        Ok(done) => {
            let home = shared.base.of(&link.tenant) + "/";
            entered(&shared, &via, &headers, &done, &home).await
        }
        Err(error) => refuse(&shared, &headers, &error, page()),
    }
}

/// `GET /reset`.
pub async fn reset_page(State(shared): State<Shared>, Safe { headers, .. }: Safe) -> Response {
    if let Err(error) = shared.people.with_password() {
        return refuse(&shared, &headers, &error, choose(""));
    }
    show(&shared, StatusCode::OK, &headers, choose(""))
}

/// `POST /reset`.
pub async fn reset(State(shared): State<Shared>, sent: Sent<Reset>) -> Response {
    let Sent {
        form,
        via,
        whence,
        headers,
    } = sent;
    match shared.people.reset(&form.token, &form.password, &whence).await {
        Ok(done) => entered(&shared, &via, &headers, &done, &shared.base.to("/")).await,
        Err(error @ PeopleError::Gone) => refuse(&shared, &headers, &error, choose("")),
        Err(error) => refuse(&shared, &headers, &error, choose(&form.token)),
    }
}

fn ask(token: &str) -> Door {
    Door {
        title: "You are invited",
        lead: "To a board of Fuseboard.".into(),
        action: Some("/invite"),
        fields: vec![token_field("Invitation", token, LINK)],
        button: "Go on",
        takes_token: true,
        goes_on: true,
        ..Door::default()
    }
}

fn join(shared: &Shared, form: &Accept, link: &Link, email: &str, is_known: bool) -> Door {
    let (token, name) = (form.token.as_str(), form.name.as_str());
    let role = match &link.kind {
        LinkKind::Invite { role, .. } => role.as_str(),
        LinkKind::Reset { .. } => "",
    };
    let mut fields = vec![
        hidden("token", token),
        Field {
            fixed: true,
            ..email_field(email)
        },
    ];
    let (words, button) = if is_known {
        fields.push(Field {
            name: "password",
            label: Some("Your password"),
            kind: "password",
            autocomplete: "current-password",
            ..Field::default()
        });
        ("Show that it is you, with the account you have.", "Join")
    } else {
        fields.push(name_field(name));
        fields.push(new_password_field("Choose a password"));
        ("Choose a password for your account.", "Create my account")
    };
    let by_provider = shared.people.provider().is_some_and(Provider::only);
    let words = if by_provider { "" } else { words };
    let page = Door {
        title: "You are invited",
        lead: format!("To the tenant {} as {role}. {words}", link.tenant),
        action: Some("/invite"),
        fields,
        button,
        other: button_of(shared, &[("invitation", token)]),
        ..Door::default()
    };
    only(shared, page)
}

fn choose(token: &str) -> Door {
    Door {
        title: "Choose a new password",
        lead: "It ends all sessions of the account.".into(),
        action: Some("/reset"),
        fields: vec![
            token_field("Token", token, LINK),
            new_password_field("New password"),
        ],
        button: "Set the password",
        takes_token: true,
        ..Door::default()
    }
}
