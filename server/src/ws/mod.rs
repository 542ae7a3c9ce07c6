//! `GET /ws/v1`: who may have a socket, and in which codec. What happens on an open one is in [`session`].

mod handshake;
mod line;
mod negotiate;
mod seats;
mod session;
mod socket;
mod wire;

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

pub use seats::Sockets;

use crate::auth::Access;
use crate::http::Problem;
use crate::state::Shared;
use handshake::{Handshake, NoHandshake};
use seats::Who;
use session::Session;
use socket::Socket;

/// Opens a socket.
pub async fn open(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    handshake: Result<Handshake, NoHandshake>,
) -> Response {
    let handshake = match handshake {
        Ok(handshake) => handshake,
        Err(none) => return none.into_response(),
    };
    let query = query.as_deref().unwrap_or_default();
    let Some(agreed) = negotiate::agree(handshake.offered(), query, &shared.build) else {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "no-common-subprotocol",
            "None of the offered subprotocols is spoken here",
            "Offer fuseboard.v1.json; fuseboard.v1.postcard is for the page of this very build.",
        )
        .into_response();
    };
    let who = match &access {
        Access::Key { key, .. } => Who::Key(key.id.clone()),
        Access::Person(person) => Who::Session(person.signed_in.session.id.clone()),
        Access::Anyone => Who::Address(peer.ip()),
    };
    let seat = shared.sockets.take(who);
    let sockets = shared.sockets.clone();
    let session = Session::new(shared, access, agreed.codec);
    let (response, upgrade) = handshake.accept(agreed.named);
    sockets.run(async move {
        let opened =
            async { Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Socket::over(upgrade.await?).await?) };
        match (opened.await, seat) {
            (Ok(socket), Some(_seat)) => session.run(socket).await,
            // A browser shows a close code to the page, but not the status of a refused handshake.
            (Ok(socket), None) => session.refuse(socket).await,
            (Err(error), _) => tracing::debug!(%error, "a socket was not opened"),
        }
    });
    response
}
