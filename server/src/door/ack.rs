//! A link in a message takes its alert: it shows how urgent it is, what it is about and how old, and one press takes it.
//! Nobody has to sign in; the token says which alert, through which channel, until when, and is signed.

use app::door::{Door, Onward};
use app::format::span_short;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::alert::{Command, Who};
use engine::{AlertError, Hand};
use protocol::alerts::AlertItem;
use serde::Deserialize;

use super::sent::{Safe, Sent};
use super::{hidden, show, token_field};
use crate::auth::{self, Whence};
use crate::notify::Ack;
use crate::state::Shared;

const LINK: &str = "What stands behind #t= in the link.";

/// The token alone, then with the press.
#[derive(Deserialize)]
pub struct Taken {
    token: String,
    #[serde(default)]
    press: String,
}

/// `GET /ack`: asks for the token, which the script finds in the address.
pub async fn ack_page(State(shared): State<Shared>, Safe { headers, .. }: Safe) -> Response {
    show(&shared, StatusCode::OK, &headers, ask())
}

/// `POST /ack`: first shows the alert, then takes it.
pub async fn ack(State(shared): State<Shared>, sent: Sent<Taken>) -> Response {
    let Sent {
        form,
        whence,
        headers,
        ..
    } = sent;
    let Some(link) = shared.ack_links.read(&form.token).await else {
        return gone(&shared, &headers);
    };
    let scope = auth::by_link(&link);
    let engine = &shared.engine;
    let done = match form.press.is_empty() {
        true => engine.alert(&scope, link.alert).await.map(|detail| detail.alert),
        false => {
            let hand = hand(&shared, &link, &whence).await;
            let command = Command::Acknowledge {
                by: hand.who.clone(),
                note: String::new(),
                until: None,
                take_over: false,
            };
            engine
                .handle_alert(&scope, link.alert, None, command, &hand)
                .await
        }
    };
    match done {
        Ok(alert) => show(
            &shared,
            StatusCode::OK,
            &headers,
            shown(&shared, &form.token, &link, &alert),
        ),
        Err(AlertError::Missing) => gone(&shared, &headers),
        Err(AlertError::Refused(refused)) => {
            let words = format!("It was not taken: {refused}.");
            let page = over(&shared, "Alert", words, &link);
            show(&shared, StatusCode::CONFLICT, &headers, page)
        }
        Err(error) => {
            tracing::error!(%error, "an alert could not be taken through a link");
            let page = Door {
                refused: Some(
                    "The database cannot be asked right now. Press the link again in a moment.".into(),
                ),
                ..ask()
            };
            show(&shared, StatusCode::SERVICE_UNAVAILABLE, &headers, page)
        }
    }
}

/// Whoever pressed is known by the channel that brought the link.
async fn hand(shared: &Shared, link: &Ack, whence: &Whence) -> Hand {
    let channel = shared.engine.channel(&auth::by_link(link), link.channel).await;
    let name = channel.map_or_else(|_| "a removed channel".into(), |channel| channel.doc.name);
    Hand {
        who: Who {
            id: format!("channel:{}", link.channel),
            name: format!("somebody at {name}"),
        },
        address: whence.text(),
    }
}

fn ask() -> Door {
    Door {
        title: "Alert",
        lead: "Takes the alert that a message told you of.".into(),
        action: Some("/ack"),
        fields: vec![token_field("Link", "", LINK)],
        button: "Go on",
        takes_token: true,
        goes_on: true,
        ..Door::default()
    }
}

fn shown(shared: &Shared, token: &str, link: &Ack, alert: &AlertItem) -> Door {
    let now = shared.engine.clock().now();
    let about: Vec<&str> = ["service", "provider", "model", "breaker"]
        .iter()
        .filter_map(|name| alert.labels.get(*name))
        .map(String::as_str)
        .collect();
    let about = match about.is_empty() {
        true => String::new(),
        false => format!(" {}.", about.join(" · ")),
    };
    let simulated = if alert.simulated { " Simulated." } else { "" };
    let told = format!(
        "{}: {}. {}.{about} For {}.{simulated}",
        alert.severity.to_uppercase(),
        alert.title,
        alert.summary,
        span_short(now - alert.since),
    );
    match alert.phase.as_str() {
        "acknowledged" => {
            let who = alert.ack.as_ref().map_or("somebody", |ack| ack.by.name.as_str());
            let words = format!("{told} Taken by {who}.");
            over(shared, "It is taken", words, link)
        }
        "resolved" => over(shared, "It is over", told, link),
        _ => Door {
            title: "Take this alert?",
            lead: told,
            action: Some("/ack"),
            fields: vec![hidden("token", token), hidden("press", "yes")],
            button: "Acknowledge",
            onward: Some(onward(shared, link)),
            ..Door::default()
        },
    }
}

fn over(shared: &Shared, title: &'static str, lead: String, link: &Ack) -> Door {
    Door {
        title,
        lead,
        onward: Some(onward(shared, link)),
        ..Door::default()
    }
}

fn onward(shared: &Shared, link: &Ack) -> Onward {
    Onward {
        words: "Look at it on the board".into(),
        to: format!("{}/alerts/{}", shared.base.of(&link.tenant), link.alert),
        at_once: false,
    }
}

fn gone(shared: &Shared, headers: &HeaderMap) -> Response {
    let page = Door {
        title: "This link is over",
        lead:
            "It lasts a day, and may have been cut by the program that showed it. The alert is on the board."
                .into(),
        ..Door::default()
    };
    show(shared, StatusCode::GONE, headers, page)
}
