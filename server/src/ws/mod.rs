//! `GET /ws/v1`: the handshake. What happens on an open socket is in [`session`].

mod negotiate;
mod seats;
mod session;

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::header::{SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

pub use seats::Sockets;

use crate::auth::Access;
use crate::http::Problem;
use crate::state::Shared;
use seats::Who;
use session::Session;

/// The largest message a client may send; ours are tiny, so this is generous.
const MESSAGE_LIMIT: usize = 64 << 10;
/// Read and write buffers of an idle socket stay this small: there may be thousands.
const BUFFER: usize = 4 << 10;
/// What may wait to be written; beyond it the socket is broken, not slow.
const WRITE_LIMIT: usize = 1 << 20;

/// Opens a socket.
pub async fn open(
    State(shared): State<Shared>,
    Extension(access): Extension<Access>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let mut upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return no_upgrade(&rejection),
    };
    let Some(agreed) = negotiate::agree(
        upgrade.requested_protocols(),
        query.as_deref().unwrap_or_default(),
        &shared.build,
    ) else {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "no-common-subprotocol",
            "None of the offered subprotocols is spoken here",
            "Offer fuseboard.v1.json; fuseboard.v1.postcard is for the page of this very build.",
        )
        .into_response();
    };
    if let Some(name) = agreed.named {
        upgrade.set_selected_protocol(HeaderValue::from_static(name));
    }
    let who = match &access {
        Access::Key { key, .. } => Who::Key(key.id.clone()),
        Access::Browser(_) | Access::Anyone => Who::Address(peer.ip()),
    };
    let seat = shared.sockets.take(who);
    let tracked = shared.sockets.track();
    let session = Session::new(shared, access, agreed.codec);
    let mut response = upgrade
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(MESSAGE_LIMIT)
        .max_frame_size(MESSAGE_LIMIT)
        .on_upgrade(move |socket| async move {
            match seat {
                Some(_seat) => session.run(socket).await,
                // A browser shows a close code to the page, but not the status of a refused handshake.
                None => session.refuse(socket).await,
            }
            drop(tracked);
        });
    // Without an agreed name there must be none in the answer.
    if agreed.named.is_none() {
        response.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL);
    }
    response
}

fn no_upgrade(rejection: &WebSocketUpgradeRejection) -> Response {
    let status = match rejection {
        WebSocketUpgradeRejection::InvalidConnectionHeader(_)
        | WebSocketUpgradeRejection::InvalidUpgradeHeader(_)
        | WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_) => StatusCode::UPGRADE_REQUIRED,
        _ => StatusCode::BAD_REQUEST,
    };
    let detail = "This address speaks WebSocket (version 13); the handshake is not one.";
    let mut response = Problem::new(
        status,
        "not-a-websocket",
        "A WebSocket handshake is needed",
        detail,
    )
    .into_response();
    if status == StatusCode::UPGRADE_REQUIRED {
        response
            .headers_mut()
            .insert(UPGRADE, HeaderValue::from_static("websocket"));
        response
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}
