//! `/hooks/slack`: somebody pressed Acknowledge in a message of a Slack bot.
//!
//! The button says the token of the message's own link, which is signed by us and names the alert and the channel; the
//! request is signed by Slack with the secret that this channel has. Both must hold. What changes in the message is told by
//! the notifier, as for every acknowledgement. Buttons that lead to an address are told as well; they change nothing here,
//! so that nobody has to be believed.

use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use channels::Pressed;
use domain::alert::{Command, Who};
use engine::{AlertError, Hand};

use super::super::problem::Problem;
use super::{channel_problem, problem};
use crate::auth::{self, Whence};
use crate::state::Shared;

/// Slack waits three seconds.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// `POST`.
pub async fn pressed_in_slack(
    State(shared): State<Shared>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = sent.map_err(|_| not_slack())?;
    match channels::read_press(&body).ok_or_else(not_slack)? {
        Pressed::Other => Ok(StatusCode::OK.into_response()),
        Pressed::Acknowledge { token, user, name } => {
            let who = Who {
                id: format!("slack:{user}"),
                name: format!("{name} via Slack"),
            };
            let done = acknowledge(&shared, &whence, &headers, &body, (&token, who));
            let late = || Problem::unavailable("It took longer than Slack waits.", 5);
            tokio::time::timeout(PATIENCE, done).await.map_err(|_| late())?
        }
    }
}

async fn acknowledge(
    shared: &Shared,
    whence: &Whence,
    headers: &HeaderMap,
    body: &[u8],
    (token, who): (&str, Who),
) -> Result<Response, Problem> {
    let link = shared.ack_links.read(token).await.ok_or_else(over)?;
    let scope = auth::by_link(&link);
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let signed = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    let engine = &shared.engine;
    let believed = engine
        .is_signed_by_slack(&scope, link.channel, signed, body)
        .await;
    if !believed.map_err(channel_problem)? {
        return Err(not_slack());
    }
    let hand = Hand {
        who,
        address: whence.text(),
    };
    let command = Command::Acknowledge {
        by: hand.who.clone(),
        note: String::new(),
        until: None,
        take_over: false,
    };
    let done = engine
        .handle_alert(&scope, link.alert, None, command, &hand)
        .await;
    match done {
        // Somebody else was faster: Slack would show an error, and the notifier says in the message who it was.
        Ok(_) | Err(AlertError::Refused(_)) => Ok(StatusCode::OK.into_response()),
        Err(AlertError::Missing) => Err(over()),
        Err(error) => Err(problem(error)),
    }
}

/// 401: nothing that Slack signed.
fn not_slack() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "not-signed",
        "This is not signed",
        "Here buttons of Slack are heard: a form with a payload, signed within the last five minutes with the signing secret \
         of a channel of kind slack_bot.",
    )
}

/// 410: the message is older than its link lasts, or its alert is not there.
fn over() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "over",
        "This button is over",
        "It lasts a day. The alert is on the board.",
    )
}
